"""Render scenes."""

import numpy as np
from numpy.typing import NDArray

from demo.shapes.attributes import BACKGROUNDS, COLOURS
from demo.shapes.scene import Scene


def render(
    scene: Scene,
    *,
    height: int,
    width: int,
    num_frames: int,
    fps: float,
    first_frame: int = 0,
    rows: slice = slice(None),
    columns: slice = slice(None),
) -> NDArray[np.uint8]:
    """Render a clip, anti-aliased over one pixel.

    Args:
        scene: what to draw.
        height: of the whole frame, in pixels; likewise `width`.
        num_frames: number of frames to draw.
        fps: frames per second.
        first_frame: offset from the start of the scene, in frames.
        rows: part of the frame to draw; likewise `columns`.

    Returns:
        UINT8 [num_frames, rows, columns, 3], RGB.
    """
    side = min(height, width)
    y = (np.arange(height, dtype=np.float32)[rows] + 0.5 - height / 2) / side
    x = (np.arange(width, dtype=np.float32)[columns] + 0.5 - width / 2) / side
    seconds = (first_frame + np.arange(num_frames)) / fps
    distances = scene.distances(
        seconds, x[None, None, :], y[None, :, None], (width / side, height / side)
    )
    inside = np.clip(0.5 - distances * side, 0, 1)[..., None]
    shape = np.asarray(COLOURS[scene.attributes.colour], np.float32)
    background = np.asarray(BACKGROUNDS[scene.attributes.background], np.float32)
    frames: NDArray[np.uint8] = np.rint(background + (shape - background) * inside).astype(np.uint8)
    return frames
