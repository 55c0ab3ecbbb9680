import math

import numpy as np
import pytest

from demo.shapes.attributes import Shape
from demo.shapes.shapes import AREAS, DISTANCES, SYMMETRY, Field

GRID = np.linspace(-1.5, 1.5, 601, dtype=np.float32)
X, Y = np.meshgrid(GRID, GRID)
CELL = float(GRID[1] - GRID[0]) ** 2


@pytest.mark.parametrize("shape", Shape)
def test_the_inside_has_the_stated_area(shape: Shape) -> None:
    inside = DISTANCES[shape](X, Y) < 0
    assert inside.sum() * CELL == pytest.approx(AREAS[shape], rel=0.01)


@pytest.mark.parametrize("shape", Shape)
def test_distances_grow_by_one_for_each_unit_of_length(shape: Shape) -> None:
    slope = np.hypot(*np.gradient(DISTANCES[shape](X, Y), GRID, GRID))
    # but where two edges are equally near
    assert np.median(slope) == pytest.approx(1, abs=0.01)
    assert np.quantile(slope, 0.999) < 1.01


@pytest.mark.parametrize("shape", Shape)
def test_corners_lie_on_the_unit_circle(shape: Shape) -> None:
    inside = DISTANCES[shape](X, Y) < 0
    assert np.hypot(X, Y)[inside].max() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("shape", "order"), SYMMETRY.items())
def test_turned_by_its_symmetry_a_shape_is_the_same(shape: Shape, order: int) -> None:
    def turned(angle: float) -> Field:
        cosine, sine = math.cos(angle), math.sin(angle)
        right, down = (X * cosine + Y * sine, Y * cosine - X * sine)
        return DISTANCES[shape](right.astype(np.float32), down.astype(np.float32))

    assert np.abs(turned(2 * math.pi / order) - turned(0)).max() < 1e-4
    assert np.abs(turned(math.pi / order) - turned(0)).max() > 0.1


@pytest.mark.parametrize("shape", [Shape.TRIANGLE, Shape.STAR])
def test_a_corner_points_up(shape: Shape) -> None:
    inside = DISTANCES[shape](X, Y) < 0
    top, bottom = Y[inside].min(), Y[inside].max()
    assert top == pytest.approx(-1, abs=0.02)
    assert bottom < 0.9
