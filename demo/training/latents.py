"""Hand-made latents of the demo checkpoint.

A learned latent space takes hours of training until edges are sharp. The dataset is known, so the
latents are given: signed distances to the outline at 3 x 3 points of each cell of 32 x 32 pixels,
in each of its 8 frames, and two colours. The decoder learns to render them and the encoder to
recover them. All of it is local, which suits convolutions.
"""

from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from demo.shapes.attributes import BACKGROUNDS, COLOURS
from demo.shapes.sampling import sample_attributes, sample_scene
from demo.shapes.scene import Scene

SPATIAL, TEMPORAL = 32, 8  # compression ratios
_POINTS = 3  # along each side of a cell
_EDGE_PIXELS = 24.0  # scale of the distances; much larger ones saturate
DISTANCES = TEMPORAL * _POINTS**2  # channels; the others are two colours
CHANNELS = DISTANCES + 6


def target_latents(
    scene: Scene,
    *,
    height: int,
    width: int,
    num_frames: int,
    fps: float,
    first_frame: int = 0,
) -> NDArray[np.float32]:
    """Encode a scene, before normalisation.

    Args:
        scene: what the clip shows.
        height: in pixels, a multiple of 32; likewise `width`.
        num_frames: 8k + 1.
        fps: frames per second.
        first_frame: offset from the start of the scene, in frames.

    Returns:
        FP32 [F, H, W, 78]: 72 distances as tanh(pixels / 24), ordered by frame, row, column; the
        background's RGB; the shape's RGB near it, fading to the background's; colours in -1..1.
    """
    latent_frames = (num_frames - 1) // TEMPORAL + 1
    rows, columns = height // SPATIAL, width // SPATIAL
    side = min(height, width)
    y, x = (
        ((np.arange(cells * _POINTS, dtype=np.float32) + 0.5) * SPATIAL / _POINTS - size / 2) / side
        for cells, size in ((rows, height), (columns, width))
    )
    aspect = (width / side, height / side)
    seconds = (first_frame + np.arange(num_frames)) / fps
    pixels = side * scene.distances(seconds, x[None, None, :], y[None, :, None], aspect)
    # The first latent frame covers a single frame.
    pixels = np.concatenate([np.repeat(pixels[:1], TEMPORAL - 1, axis=0), pixels])
    cells = pixels.reshape(latent_frames, TEMPORAL, rows, _POINTS, columns, _POINTS)
    cells = cells.transpose(0, 2, 4, 1, 3, 5).reshape(latent_frames, rows, columns, -1)
    near = np.clip(1 - (cells.min(axis=-1, keepdims=True) - SPATIAL / 2) / 48, 0, 1)
    background = np.asarray(BACKGROUNDS[scene.attributes.background], np.float32) / 127.5 - 1
    shape = np.asarray(COLOURS[scene.attributes.colour], np.float32) / 127.5 - 1
    colours = background + near * (shape - background)
    grounds = np.broadcast_to(background, colours.shape)
    return np.concatenate([np.tanh(cells / _EDGE_PIXELS), grounds, colours], axis=-1)


@dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation by channel, FP32 [L] each."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    def normalise(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scale [..., L] to zero mean and unit variance."""
        return (latents - self.mean) / self.deviation


def measure_statistics(seed: int) -> Statistics:
    """Measure the latents of random scenes."""
    random = Random(seed)
    cells = []
    for _ in range(400):
        scene = sample_scene(random, sample_attributes(random, held_out=False))
        side = random.choice((256, 512))
        latents = target_latents(scene, height=side, width=side, num_frames=25, fps=8)
        # Equal numbers of cells from both sizes.
        cells.append(latents.reshape(-1, CHANNELS)[:: (side // 256) ** 2])
    everything = np.concatenate(cells).astype(np.float64)
    return Statistics(
        everything.mean(axis=0).astype(np.float32), everything.std(axis=0).astype(np.float32)
    )
