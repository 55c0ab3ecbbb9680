import numpy as np
import pytest
from numpy.typing import NDArray

from demo.shapes.attributes import Background, Colour, Motion, Shape, Size
from demo.shapes.scene import BOUNCE_SECONDS, MOVING_SPEED, SPINNING_SPEED, Attributes, Pose, Scene

SECONDS = np.arange(24) / 8


def pose(motion: Motion, seconds: NDArray[np.float64] = SECONDS, **chance: object) -> Pose:
    attributes = Attributes(Shape.STAR, Colour.RED, Size.MEDIUM, Background.WHITE, motion)
    return Scene(attributes, **chance).pose(seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("motion", "axis", "sign"),
    [
        (Motion.LEFT, "x", -1),
        (Motion.RIGHT, "x", 1),
        (Motion.UP, "y", -1),
        (Motion.DOWN, "y", 1),
    ],
)
def test_a_direction_is_kept_at_a_steady_speed(motion: Motion, axis: str, sign: int) -> None:
    moved = pose(motion)
    assert np.diff(getattr(moved, axis)) == pytest.approx(sign * MOVING_SPEED / 8)
    other = moved.y if axis == "x" else moved.x
    assert np.ptp(other) == np.ptp(moved.radius) == np.ptp(moved.angle) == 0


def test_speeds_are_per_second_whatever_the_frame_rate() -> None:
    slow, fast = pose(Motion.LEFT, np.array([0, 1.0])), pose(Motion.LEFT, np.arange(25) / 24)
    assert slow.x[-1] == pytest.approx(fast.x[-1])


def test_a_shape_that_leaves_the_frame_enters_on_the_other_side() -> None:
    travelled = pose(Motion.RIGHT, np.arange(0, 10, 0.05))
    jumps = np.diff(travelled.x)
    [back] = np.flatnonzero(jumps < 0)
    assert travelled.x[back] - travelled.radius[back] == pytest.approx(0.5, abs=0.01)
    assert travelled.x[back + 1] + travelled.radius[back] == pytest.approx(-0.5, abs=0.01)


def test_a_bounce_returns_and_stays_within_the_frame() -> None:
    bounced = pose(Motion.BOUNCING, np.arange(0, 6, 0.01))
    again = pose(Motion.BOUNCING, np.arange(0, 6, 0.01) + BOUNCE_SECONDS)
    assert bounced.y == pytest.approx(again.y)
    assert np.ptp(bounced.y) > 0.3
    assert (bounced.y + bounced.radius).max() <= 0.5


def test_spinning_is_clockwise_and_steady() -> None:
    assert np.diff(pose(Motion.SPINNING).angle) == pytest.approx(SPINNING_SPEED / 8)


def test_growing_and_shrinking_never_stop_and_never_leave_the_frame() -> None:
    for motion, sign in ((Motion.GROWING, 1), (Motion.SHRINKING, -1)):
        radii = pose(motion, np.arange(0, 10, 0.1)).radius
        assert (sign * np.diff(radii) > 0).all()
        assert radii.max() < 0.5
    grown = pose(Motion.GROWING).radius
    assert grown[-1] / grown[0] > 1.5


def test_offsets_do_not_change_the_motion() -> None:
    one, other = pose(Motion.SPINNING), pose(Motion.SPINNING, offset=(1.0, -1.0))
    assert one.x[0] != other.x[0]
    assert one.y[0] != other.y[0]
    assert (one.angle == other.angle).all()
