import numpy as np
import pytest

from demo.shapes.attributes import BACKGROUNDS, COLOURS, Background, Colour, Motion, Shape, Size
from demo.shapes.render import render
from demo.shapes.scene import Attributes, Scene
from demo.shapes.shapes import AREAS

SCENE = Scene(
    Attributes(Shape.STAR, Colour.RED, Size.LARGE, Background.NAVY, Motion.SPINNING), (0.2, -0.1)
)


def test_a_clip_shows_its_two_colours() -> None:
    frames = render(SCENE, height=64, width=96, num_frames=3, fps=8)
    assert frames.shape == (3, 64, 96, 3)
    colours = {tuple(colour) for colour in frames.reshape(-1, 3).tolist()}
    assert {BACKGROUNDS[Background.NAVY], COLOURS[Colour.RED]} <= colours
    assert len(colours) > 10  # of the edges


@pytest.mark.parametrize(("height", "width"), [(128, 128), (64, 160), (192, 96)])
def test_sizes_are_relative_to_the_shorter_side(height: int, width: int) -> None:
    [frame] = render(SCENE, height=height, width=width, num_frames=1, fps=8).astype(float)
    background, shape = (
        np.array(colour) for colour in (BACKGROUNDS[Background.NAVY], COLOURS[Colour.RED])
    )
    covered = ((frame - background) @ (shape - background)).sum() / np.square(
        shape - background
    ).sum()
    assert covered / min(height, width) ** 2 == pytest.approx(AREAS[Shape.STAR] * 0.25**2, rel=0.02)


def test_a_part_equals_the_same_part_of_the_whole() -> None:
    whole = render(SCENE, height=96, width=128, num_frames=20, fps=12)
    part = render(
        SCENE,
        height=96,
        width=128,
        num_frames=5,
        fps=12,
        first_frame=7,
        rows=slice(10, 50),
        columns=slice(30, 90),
    )
    assert (part == whole[7:12, 10:50, 30:90]).all()
