"""Match silhouettes with the shapes of the dataset."""

import math

import numpy as np
from numpy.typing import NDArray

from demo.evaluation.outline import Outline
from demo.shapes.attributes import Shape
from demo.shapes.shapes import AREAS, DISTANCES, SYMMETRY

_COMPARED = 7  # frames
_GRID = 64  # points along each side of the compared square
_TURN = math.radians(5)


def nearest_shape(outline: Outline, frames: NDArray[np.intp]) -> Shape:
    chosen = frames[np.linspace(0, frames.size - 1, min(_COMPARED, frames.size)).astype(int)]
    overlaps = dict.fromkeys(Shape, 0.0)
    for frame in chosen:
        for shape in Shape:
            overlaps[shape] += _overlap(outline, frame, shape)
    return max(overlaps, key=lambda shape: overlaps[shape])


def _overlap(outline: Outline, frame: int, shape: Shape) -> float:
    """Return the best intersection over union with a shape of equal area and centre."""
    height, width = outline.coverage.shape[1:]
    side = min(height, width)
    radius = math.sqrt(outline.areas[frame] / AREAS[shape])
    grid = np.linspace(-1.3, 1.3, _GRID, dtype=np.float32)
    columns = ((outline.x[frame] + radius * grid) * side + width / 2).astype(int)
    rows = ((outline.y[frame] + radius * grid) * side + height / 2).astype(int)
    covered = outline.coverage[frame][
        np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)[None]
    ]
    covered = covered > 0.5
    right, down = np.meshgrid(grid, grid)
    best = 0.0
    turns = math.ceil(2 * math.pi / SYMMETRY[shape] / _TURN) if shape in SYMMETRY else 1
    for angle in np.arange(turns) * _TURN:
        cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        expected = DISTANCES[shape](right * cosine + down * sine, down * cosine - right * sine) < 0
        union = (covered | expected).sum()
        best = max(best, float((covered & expected).sum() / union) if union else 0.0)
    return best
