"""Trace the shape in every frame: the share of each pixel that it covers, and its geometry."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.shapes.attributes import Shape
from demo.shapes.shapes import AREAS, SYMMETRY

_VISIBLE = 40.0  # distance of two RGB colours, at most 441
_SMALLEST = 0.001  # share of the frame; smaller areas are noise


@dataclass(frozen=True)
class Outline:
    """Lengths are in shorter sides of the frame, from its centre, y pointing down."""

    background: NDArray[np.float64]  # RGB
    colour: NDArray[np.float64] | None  # RGB; None: no shape
    coverage: NDArray[np.float32]  # [N, H, W], 0..1
    x: NDArray[np.float64]  # [N], centres
    y: NDArray[np.float64]
    areas: NDArray[np.float64]  # [N], in squares of the shorter side

    def whole_frames(self) -> NDArray[np.intp]:
        """Return the frames that show the shape and in which it does not touch the edge."""
        inner = self.coverage[:, 1:-1, 1:-1].max(axis=(1, 2), initial=0)
        edge = self.coverage.copy()
        edge[:, 2:-2, 2:-2] = 0
        whole = (edge.max(axis=(1, 2)) < 0.5) & (inner > 0.5) & (self.areas > _SMALLEST)
        return np.flatnonzero(whole)

    def radii(self, shape: Shape) -> NDArray[np.float64]:
        radii: NDArray[np.float64] = np.sqrt(self.areas / AREAS[shape])
        return radii

    def angles(self, frames: NDArray[np.intp], shape: Shape) -> NDArray[np.float64]:
        """Return clockwise angles in `frames`, [N] radians, up to the shape's symmetry."""
        order = SYMMETRY.get(shape)
        if order is None:
            return np.zeros(frames.size)
        height, width = self.coverage.shape[1:]
        side = min(height, width)
        angles = []
        for frame in frames:
            rows, columns = np.nonzero(self.coverage[frame])
            right = (columns + 0.5 - width / 2) / side - self.x[frame]
            down = (rows + 0.5 - height / 2) / side - self.y[frame]
            moment = self.coverage[frame, rows, columns] @ (right + 1j * down) ** order
            angles.append(np.angle(moment) / order)
        return np.array(angles)

    def steps(self, frames: NDArray[np.intp], shape: Shape) -> NDArray[np.float64]:
        """Return the movement from each of `frames` to the next one.

        Returns:
            [N, 4]: right, down, outwards (radius) and around (arc length).
        """
        following = frames + 1
        radii = self.radii(shape)
        both = np.union1d(frames, following)
        angles = np.zeros(self.areas.size)
        angles[both] = self.angles(both, shape)
        turned = angles[following] - angles[frames]
        period = 2 * np.pi / SYMMETRY.get(shape, 1)
        turned = (turned + period / 2) % period - period / 2
        return np.stack(
            [
                self.x[following] - self.x[frames],
                self.y[following] - self.y[frames],
                radii[following] - radii[frames],
                turned * radii[frames],
            ],
            axis=1,
        )


def trace(frames: NDArray[np.uint8]) -> Outline:
    """Trace the only shape of a clip, UINT8 [N, H, W, 3]."""
    count, height, width, _ = frames.shape
    edges = [frames[:, :2], frames[:, -2:], frames[:, :, :2], frames[:, :, -2:]]
    background = np.median(np.concatenate([edge.reshape(-1, 3) for edge in edges]), axis=0)
    difference = frames.astype(np.float32) - background.astype(np.float32)
    distance = np.sqrt(np.square(difference).sum(axis=-1))
    colour = _shape_colour(frames, distance)
    zeros = np.zeros(count)
    if colour is None:
        return Outline(background, None, np.zeros_like(distance), zeros, zeros, zeros)
    contrast = (colour - background).astype(np.float32)
    coverage = np.clip(difference @ contrast / (contrast @ contrast), 0, 1)
    coverage[coverage < 0.2] = 0  # compression artefacts
    side = min(height, width)
    rows = (np.arange(height) + 0.5 - height / 2) / side
    columns = (np.arange(width) + 0.5 - width / 2) / side
    pixels = coverage.sum(axis=(1, 2), dtype=np.float64)
    safe = np.maximum(pixels, 1e-9)
    return Outline(
        background=background,
        colour=colour,
        coverage=coverage,
        x=(coverage.sum(axis=1) * columns).sum(axis=1) / safe,
        y=(coverage.sum(axis=2) * rows).sum(axis=1) / safe,
        areas=pixels / side**2,
    )


def _shape_colour(
    frames: NDArray[np.uint8], distance: NDArray[np.float32]
) -> NDArray[np.float64] | None:
    """Return the median colour of the pixels that differ clearly from the background."""
    visible = distance > _VISIBLE
    if visible.mean() < _SMALLEST / 2:
        return None
    # Pixels on the edge mix both colours; those inside differ most.
    clear = distance > 0.8 * np.quantile(distance[visible], 0.8)
    colour: NDArray[np.float64] = np.median(frames[visible & clear], axis=0)
    return colour
