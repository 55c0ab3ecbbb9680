"""A scene: its attributes, and the pose of its shape over time.

Lengths are in shorter sides of the frame, from its centre, y pointing down; times in seconds.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.shapes.attributes import RADII, Background, Colour, Motion, Shape, Size
from demo.shapes.shapes import DISTANCES, Field

MOVING_SPEED = 0.16  # per second
SPINNING_SPEED = math.radians(30)  # clockwise, per second
BOUNCE_SECONDS = 2.0
_BOUNCE_HEIGHT = 0.32
_START = 0.24  # distance from the centre at which a motion across it begins
_FLOOR = 0.46
# Growing and shrinking slow down and stay within these factors of the radius.
_SMALLEST, _LARGEST = 0.6, 1.4
_SETTLING_SECONDS = 2.0


@dataclass(frozen=True)
class Attributes:
    shape: Shape
    colour: Colour
    size: Size
    background: Background
    motion: Motion


@dataclass(frozen=True)
class Pose:
    """Centre, radius and clockwise angle (radians) over time, [N] each."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    radius: NDArray[np.float64]
    angle: NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """Attributes, and a random offset and phase within -1..1."""

    attributes: Attributes
    offset: tuple[float, float] = (0.0, 0.0)
    phase: float = 0.0

    def pose(self, seconds: NDArray[np.float64], aspect: tuple[float, float] = (1, 1)) -> Pose:
        """Return the pose at `seconds` [N], in a frame of `aspect` (width, height)."""
        radius = RADII[self.attributes.size]
        still = np.zeros_like(seconds)
        # Small offsets: eight denoising steps cannot settle on larger ones.
        reach_x, reach_y = (0.04 * (side / 2 - radius - 0.05) for side in aspect)
        x, y = still + self.offset[0] * reach_x, still + self.offset[1] * reach_y
        size, angle = still + 1, still
        start = -_START + 0.01 * self.phase
        match self.attributes.motion:
            case Motion.RIGHT:
                x = _passing(start + MOVING_SPEED * seconds, aspect[0] / 2 + radius)
            case Motion.LEFT:
                x = -_passing(start + MOVING_SPEED * seconds, aspect[0] / 2 + radius)
            case Motion.DOWN:
                y = _passing(start + MOVING_SPEED * seconds, aspect[1] / 2 + radius)
            case Motion.UP:
                y = -_passing(start + MOVING_SPEED * seconds, aspect[1] / 2 + radius)
            case Motion.BOUNCING:
                # Free fall: a parabola that starts at the top.
                phase = (seconds / BOUNCE_SECONDS + 0.5 + 0.01 * self.phase) % 1
                floor = _FLOOR * aspect[1] - radius
                y = floor - _BOUNCE_HEIGHT * (1 - (2 * phase - 1) ** 2)
            case Motion.SPINNING:
                angle = SPINNING_SPEED * seconds
            case Motion.GROWING:
                settled = np.exp(-seconds / _SETTLING_SECONDS)
                size = _LARGEST + (_SMALLEST - _LARGEST) * settled
            case Motion.SHRINKING:
                settled = np.exp(-seconds / _SETTLING_SECONDS)
                size = _SMALLEST + (_LARGEST - _SMALLEST) * settled
        return Pose(x, y, radius * size, angle)

    def distances(
        self, seconds: NDArray[np.float64], x: Field, y: Field, aspect: tuple[float, float] = (1, 1)
    ) -> Field:
        """Return signed distances to the outline, negative inside.

        Args:
            seconds: [N].
            x: positions, broadcastable with `y` to [N, ...]; likewise `y`.
            aspect: width and height of the frame.

        Returns:
            [N, ...].
        """
        pose = self.pose(seconds, aspect)
        axes = (-1, *[1] * (np.ndim(x) - 1))
        centre_x, centre_y, radius, angle = (
            value.astype(np.float32).reshape(axes)
            for value in (pose.x, pose.y, pose.radius, pose.angle)
        )
        right, down = (x - centre_x) / radius, (y - centre_y) / radius
        cosine, sine = np.cos(angle), np.sin(angle)
        distance = DISTANCES[self.attributes.shape]
        return radius * distance(right * cosine + down * sine, down * cosine - right * sine)


def _passing(position: NDArray[np.float64], end: float) -> NDArray[np.float64]:
    """Wrap around: a shape that leaves at `end` enters on the other side."""
    return (position + end) % (2 * end) - end
