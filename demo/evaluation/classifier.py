"""Classify colour, background, shape, size and motion of a clip, without a learned model.

Trace the outline (position, size and angle in every frame) and take the nearest of the dataset's
attributes.
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
class Prediction:
    """Attributes of a clip. None where nothing can be told."""

    background: Background
    colour: Colour | None = None
    shape: Shape | None = None
    size: Size | None = None
    motion: Motion | None = None  # None: stands still


def classify(frames: NDArray[np.uint8], fps: float) -> Prediction:
    """Classify a clip, RGB [N, H, W, 3]."""
    outline = trace(frames)
    background = _nearest(outline.background, BACKGROUNDS)
    if outline.colour is None:
        return Prediction(background)
    colour = _nearest(outline.colour, COLOURS)
    whole = outline.whole_frames()
    if not whole.size:
        return Prediction(background, colour)
    shape = nearest_shape(outline, whole)
    motion = _nearest_motion(outline, whole, shape, fps)
    size = _nearest_size(outline, whole, shape, motion, fps)
    return Prediction(background, colour, shape, size, motion)


def _nearest(colour: NDArray[np.float64], named: dict[_Named, RGB]) -> _Named:
    return min(named, key=lambda name: float(np.linalg.norm(colour - np.asarray(named[name]))))


def _nearest_motion(
    outline: Outline, whole: NDArray[np.intp], shape: Shape, fps: float
) -> Motion | None:
    """Return the motion with the least squared error of the steps between adjacent frames."""
    first = whole[:-1][np.diff(whole) == 1]
    if not first.size:
        return None
    traced = outline.steps(first, shape)
    errors = {
        motion: min(float(np.square(traced - steps).sum()) for steps in variants)
        for motion, variants in _expected_steps(outline, first, shape, fps).items()
    }
    return min(errors, key=lambda motion: errors[motion])


def _expected_steps(
    outline: Outline, first: NDArray[np.intp], shape: Shape, fps: float
) -> dict[Motion | None, list[Steps]]:
    """Return the steps, as `Outline.steps` does, of every motion; None stands for no motion."""
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
    # A spinning circle looks like one that stands still.
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
