from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from demo.evaluation.classifier import Prediction, classify
from demo.shapes.attributes import BACKGROUNDS, Background, Colour, Motion, Shape, Size
from demo.shapes.render import render
from demo.shapes.sampling import sample_attributes, sample_scene
from demo.shapes.scene import Attributes, Scene


def drawn(scene: Scene, side: int = 256, num_frames: int = 24, fps: int = 8) -> NDArray[np.uint8]:
    return render(scene, height=side, width=side, num_frames=num_frames, fps=fps)


def prediction_of(attributes: Attributes) -> Prediction:
    return Prediction(
        attributes.background,
        attributes.colour,
        attributes.shape,
        attributes.size,
        attributes.motion,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), [(256, 256), (512, 288), (288, 512), (64, 64)])
@pytest.mark.parametrize("seed", range(40))
def test_rendered_clips_are_classified_despite_noise(seed: int, width: int, height: int) -> None:
    random = Random(seed)
    attributes = sample_attributes(random, held_out=bool(seed % 2))
    scene = sample_scene(random, attributes)
    clip = render(scene, height=height, width=width, num_frames=24, fps=8)
    noise = np.random.default_rng(seed).normal(0, 4, clip.shape)
    noisy = np.clip(clip + noise, 0, 255).astype(np.uint8)
    assert classify(noisy, 8) == prediction_of(attributes)


@pytest.mark.parametrize(("num_frames", "fps"), [(24, 24), (80, 8), (16, 4), (72, 24)])
@pytest.mark.parametrize("motion", Motion)
def test_length_and_frame_rate_do_not_matter(motion: Motion, num_frames: int, fps: int) -> None:
    attributes = Attributes(Shape.STAR, Colour.RED, Size.MEDIUM, Background.BEIGE, motion)
    clip = drawn(Scene(attributes, (0.3, -0.2), 0.5), 128, num_frames, fps)
    assert classify(clip, fps) == prediction_of(attributes)


@pytest.mark.parametrize(("width", "height"), [(224, 128), (128, 224)])
@pytest.mark.parametrize("motion", Motion)
def test_sizes_and_speeds_are_relative_to_the_shorter_side(
    motion: Motion, width: int, height: int
) -> None:
    attributes = Attributes(Shape.SQUARE, Colour.PINK, Size.LARGE, Background.GRAY, motion)
    clip = render(Scene(attributes), height=height, width=width, num_frames=24, fps=8)
    assert classify(clip, 8) == prediction_of(attributes)


def test_a_clip_that_stands_still_shows_no_motion() -> None:
    attributes = Attributes(Shape.STAR, Colour.RED, Size.LARGE, Background.WHITE, Motion.LEFT)
    still = np.repeat(drawn(Scene(attributes))[:1], 24, axis=0)
    assert classify(still, 8) == Prediction(
        Background.WHITE, Colour.RED, Shape.STAR, Size.LARGE, None
    )


def test_a_reversed_clip_shows_the_opposite_motion() -> None:
    attributes = Attributes(Shape.STAR, Colour.RED, Size.LARGE, Background.WHITE, Motion.LEFT)
    assert classify(drawn(Scene(attributes))[::-1], 8).motion is Motion.RIGHT


def test_a_still_circle_counts_as_spinning() -> None:
    attributes = Attributes(Shape.CIRCLE, Colour.RED, Size.LARGE, Background.WHITE, Motion.SPINNING)
    assert classify(drawn(Scene(attributes)), 8).motion is Motion.SPINNING


@pytest.mark.parametrize("background", Background)
def test_an_empty_clip_shows_only_its_background(background: Background) -> None:
    empty = np.full((24, 64, 64, 3), BACKGROUNDS[background], np.uint8)
    assert classify(empty, 8) == Prediction(background)


def test_noise_shows_no_shape() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (24, 64, 64, 3), np.uint8)
    assert classify(noise, 8).shape is None
