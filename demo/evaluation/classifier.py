"""What a clip shows: colour, background, shape, size and motion, measured without a learned model.

The clip is seen by its outline: where it is, how large and how it is turned in every frame. What it
shows is what of the world comes closest.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from demo.evaluation.outline import Outline, trace
from demo.evaluation.silhouette import nearest_shape
from demo.shapes.attributes import (
    BACKGROUNDS,
    COLOURS,
    RADII,
    RGB,
    Background,
    Colour,
    Motion,
    Shape,
    Size,
)
from demo.shapes.scene import MOVING_SPEED, SPINNING_SPEED, Attributes, Scene

_PHASES = np.linspace(-1, 1, 21)  # of a bounce
_Named = TypeVar("_Named", bound=StrEnum)
Steps = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """What a clip shows; None: nothing that can be told."""

    background: Background
    colour: Colour | None = None
    shape: Shape | None = None
    size: Size | None = None
    motion: Motion | None = None  # None: it stands still


def judge(frames: NDArray[np.uint8], fps: float) -> Seen:
    """Say what a clip shows.

    Args:
        frames: [N, H, W, 3], RGB.
        fps: frames a second.
    """
    outline = trace(frames)
    background = _nearest(outline.background, BACKGROUNDS)
    if outline.colour is None:
        return Seen(background)
    colour = _nearest(outline.colour, COLOURS)
    whole = outline.whole_frames()
    if not whole.size:
        return Seen(background, colour)
    shape = nearest_shape(outline, whole)
    motion = _nearest_motion(outline, whole, shape, fps)
    return Seen(
        background, colour, shape, _nearest_size(outline, whole, shape, motion, fps), motion
    )


def _nearest(colour: NDArray[np.float64], named: dict[_Named, RGB]) -> _Named:
    return min(named, key=lambda name: float(np.linalg.norm(colour - np.asarray(named[name]))))


def _nearest_motion(
    outline: Outline, whole: NDArray[np.intp], shape: Shape, fps: float
) -> Motion | None:
    """The motion whose outline strays least from the clip's, between neighbouring frames."""
    first = whole[:-1][np.diff(whole) == 1]
    if not first.size:
        return None
    seen = outline.steps(first, shape)
    strays = {
        motion: min(float(np.square(seen - steps).sum()) for steps in variants)
        for motion, variants in _expected_steps(outline, first, shape, fps).items()
    }
    return min(strays, key=lambda motion: strays[motion])


def _expected_steps(
    outline: Outline, first: NDArray[np.intp], shape: Shape, fps: float
) -> dict[Motion | None, list[Steps]]:
    """Steps as of `Outline.steps` for every motion, None standing for none."""
    radii = outline.radii(shape)[first]
    still = np.zeros((first.size, 4))

    def step(x: float = 0, y: float = 0, angle: float = 0) -> list[Steps]:
        return [still + np.stack([0 * radii + x, 0 * radii + y, 0 * radii, angle * radii], axis=1)]

    def pose_steps(motion: Motion, phase: float) -> Steps:
        scene = _scene(motion, phase)
        before, after = scene.pose(first / fps), scene.pose((first + 1) / fps)
        growth = (after.radius / before.radius - 1) * radii
        return np.stack([0 * radii, after.y - before.y, growth, 0 * radii], axis=1)

    speed = MOVING_SPEED / fps
    turn = SPINNING_SPEED / fps if shape is not Shape.CIRCLE else 0.0
    expected: dict[Motion | None, list[Steps]] = {
        Motion.LEFT: step(x=-speed),
        Motion.RIGHT: step(x=speed),
        Motion.UP: step(y=-speed),
        Motion.DOWN: step(y=speed),
        Motion.BOUNCING: [pose_steps(Motion.BOUNCING, phase) for phase in _PHASES],
        Motion.GROWING: [pose_steps(Motion.GROWING, 0)],
        Motion.SHRINKING: [pose_steps(Motion.SHRINKING, 0)],
    }
    # A circle that spins is one that stands still.
    expected[Motion.SPINNING] = step(angle=turn)
    if shape is not Shape.CIRCLE:
        expected[None] = step()
    return expected


def _scene(motion: Motion, phase: float = 0.0) -> Scene:
    attributes = Attributes(Shape.CIRCLE, Colour.RED, Size.MEDIUM, Background.WHITE, motion)
    return Scene(attributes, phase=phase)


def _nearest_size(
    outline: Outline, whole: NDArray[np.intp], shape: Shape, motion: Motion | None, fps: float
) -> Size:
    radii = outline.radii(shape)[whole]
    if motion in (Motion.GROWING, Motion.SHRINKING):
        radii = radii / _scene(motion).pose(whole / fps).radius * RADII[Size.MEDIUM]
    radius = float(np.median(radii))
    return min(RADII, key=lambda size: abs(math.log(max(radius, 1e-6) / RADII[size])))
