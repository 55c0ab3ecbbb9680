import numpy as np
import pytest
from numpy.typing import NDArray

from demo.shapes.attributes import BACKGROUNDS, COLOURS, Background, Colour, Motion, Shape, Size
from demo.shapes.scene import Attributes, Scene
from demo.training.latents import CHANNELS, measure_statistics, target_latents

SCENE = Scene(
    Attributes(Shape.CIRCLE, Colour.RED, Size.LARGE, Background.NAVY, Motion.RIGHT), (0.1, 0.2)
)


def latents(**changes: float) -> NDArray[np.float32]:
    clip = {"height": 256, "width": 320, "num_frames": 17, "fps": 8, **changes}
    return target_latents(SCENE, **clip)  # type: ignore[arg-type]


def test_there_is_a_cell_for_32_pixels_and_8_frames() -> None:
    assert latents().shape == (3, 8, 10, CHANNELS)
    assert latents().dtype == np.float32


def test_the_first_latent_frame_covers_one_frame_and_the_others_eight() -> None:
    first = latents()[0, :, :, :72].reshape(8, 10, 8, 9)
    assert (first == first[:, :, :1]).all()
    # The last frame of the second cell is the first of a clip that begins there.
    second = latents()[1, :, :, :72].reshape(8, 10, 8, 9)[:, :, -1]
    later = latents(first_frame=8, num_frames=1)[0, :, :, :72].reshape(8, 10, 8, 9)[:, :, 0]
    assert second == pytest.approx(later, abs=1e-6)


def test_distances_are_of_the_points_in_pixels() -> None:
    seconds, side = np.array([0.0]), 256
    pose = SCENE.pose(seconds, (1.25, 1))
    centre_x, centre_y = pose.x[0] * side + 160, pose.y[0] * side + 128
    # The middle of the nine points of cell (3, 4).
    distance = np.hypot(4.5 * 32 - centre_x, 3.5 * 32 - centre_y) - pose.radius[0] * side
    assert latents()[0, 3, 4, 4] == pytest.approx(np.tanh(distance / 24), abs=1e-5)


def test_the_colour_of_the_shape_fades_with_distance() -> None:
    colours = (latents()[0, :, :, 72:] + 1) * 127.5
    assert colours[..., :3] == pytest.approx(
        np.broadcast_to(BACKGROUNDS[Background.NAVY], (8, 10, 3)), abs=0.01
    )
    inside = latents()[0, :, :, :72].max(axis=-1) < 0
    assert inside.any()
    assert colours[inside][:, 3:] == pytest.approx(
        np.broadcast_to(COLOURS[Colour.RED], (inside.sum(), 3)), abs=0.01
    )
    assert colours[0, 9, 3:] == pytest.approx(BACKGROUNDS[Background.NAVY], abs=0.01)


def test_normalised_latents_have_unit_variance() -> None:
    statistics, others = measure_statistics(0), measure_statistics(1)
    assert statistics.mean == pytest.approx(others.mean, abs=0.1)
    normalised = statistics.normalise(latents())
    assert normalised * statistics.deviation + statistics.mean == pytest.approx(latents(), abs=1e-5)
