"""The noise of a video: the same seed gives the same numbers on every machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from ltx_triton.video_spec import VideoSpec

LatentShape = tuple[int, int, int, int, int]  # [1, F, H, W, L]


@dataclass(frozen=True)
class Noise:
    """FP32 [1, F, H, W, L], N(0, 1)."""

    latents: NDArray[np.float32]  # initial latents
    decode: NDArray[np.float32]  # mixed into the denoised latents before decoding
    steps: Iterator[NDArray[np.float32]]  # without end, for stochastic steps


def latent_shape(
    spec: VideoSpec, *, spatial_compression: int, temporal_compression: int, channels: int
) -> LatentShape:
    """Return the shape of the shortest latents that hold the video.

    Args:
        spec: height, width and number of frames.
        spatial_compression: pixels per latent row or column.
        temporal_compression: frames per latent frame after the first.
        channels: latent channels.
    """
    return (
        1,
        1 + -(-(spec.num_frames - 1) // temporal_compression),
        spec.height // spatial_compression,
        spec.width // spatial_compression,
        channels,
    )


def draw_noise(shape: LatentShape, seed: int) -> Noise:
    """Draw with numpy's default generator, in the order of the fields."""
    generator = np.random.default_rng(seed)
    draws = (generator.standard_normal(shape, dtype=np.float32) for _ in count())
    return Noise(latents=next(draws), decode=next(draws), steps=draws)
