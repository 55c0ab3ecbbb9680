"""Signed distances to the outlines of the shapes: negative inside, in units of the radius.

Formulas: Inigo Quilez, "2D distance functions", https://iquilezles.org/articles/distfunctions2d/.
Corners lie on the unit circle, one of them at the top (the sides of a square are level); y points
down.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from demo.shapes.attributes import Shape

Field = NDArray[np.float32]

_STAR_INNER = 0.45  # radius of the star's inner corners
# Orders of rotational symmetry; a circle has any.
SYMMETRY = {Shape.SQUARE: 4, Shape.TRIANGLE: 3, Shape.STAR: 5}

# In squared radii.
AREAS = {
    Shape.CIRCLE: math.pi,
    Shape.SQUARE: 2.0,
    Shape.TRIANGLE: 0.75 * math.sqrt(3),
    Shape.STAR: 5 * _STAR_INNER * math.sin(math.pi / 5),
}


def _circle(x: Field, y: Field) -> Field:
    from_centre: Field = np.hypot(x, y)
    return from_centre - np.float32(1)


def _square(x: Field, y: Field) -> Field:
    half = math.sqrt(0.5)
    dx, dy = np.abs(x) - half, np.abs(y) - half
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    distance: Field = outside + np.minimum(np.maximum(dx, dy), 0)
    return distance


def _polygon(x: Field, y: Field, corners: list[tuple[float, float]]) -> Field:
    """Return the distance to the nearest edge, signed by the crossing number."""
    nearest = np.full_like(x, np.inf)
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        ex, ey = bx - ax, by - ay
        wx, wy = x - ax, y - ay
        along = np.clip((wx * ex + wy * ey) / (ex * ex + ey * ey), 0, 1)
        nearest = np.minimum(nearest, (wx - ex * along) ** 2 + (wy - ey * along) ** 2)
        crosses = (wy >= 0) != (y - by >= 0)
        left = ex * wy > ey * wx if ey > 0 else ex * wy < ey * wx
        inside ^= crosses & left
    distance: Field = np.where(inside, -1, 1).astype(np.float32) * np.sqrt(nearest)
    return distance


def _corners(count: int, *radii: float) -> list[tuple[float, float]]:
    return [
        (
            radii[corner % len(radii)] * math.sin(2 * math.pi * corner / count),
            -radii[corner % len(radii)] * math.cos(2 * math.pi * corner / count),
        )
        for corner in range(count)
    ]


def _triangle(x: Field, y: Field) -> Field:
    return _polygon(x, y, _corners(3, 1.0))


def _star(x: Field, y: Field) -> Field:
    return _polygon(x, y, _corners(10, 1.0, _STAR_INNER))


DISTANCES: dict[Shape, Callable[[Field, Field], Field]] = {
    Shape.CIRCLE: _circle,
    Shape.SQUARE: _square,
    Shape.TRIANGLE: _triangle,
    Shape.STAR: _star,
}
