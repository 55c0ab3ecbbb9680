"""Inputs of engines for videos of several sizes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltx_triton.contract import ModelContract
from ltx_triton.pipeline.config import PipelineConfig

Shape = tuple[int, int, int]

# Latent frames, rows and columns, ascending: 9, 57 and 257 frames of 512 x 512 with LTX-Video.
LATENT_SHAPES: tuple[Shape, ...] = ((2, 16, 16), (8, 16, 16), (33, 16, 16))


def inputs(
    contract: ModelContract, config: PipelineConfig, shape: Shape, seed: int
) -> dict[str, NDArray[Any]]:
    """Draw the inputs of one video with the longest text."""
    generator = np.random.default_rng(seed)
    latents = (1, *shape, config.latent_channels)
    text = (1, config.text_length)

    def normal(*sizes: int) -> NDArray[np.float32]:
        return generator.standard_normal(sizes, dtype=np.float32)

    values: dict[str, NDArray[Any]] = {
        "input_ids": np.zeros(text, np.int32),
        "attention_mask": np.ones(text, np.int32),
        "latents": normal(*latents),
        "noise": normal(*latents),
        "prompt_embeds": normal(*text, config.caption_channels),
        "frame_rate": np.full((1, 1), 24, np.float32),
        "sigma": np.full((1, 1), 1.0, np.float32),
        "sigma_next": np.full((1, 1), 0.5, np.float32),
    }
    return {tensor.name: values[tensor.name] for tensor in contract.inputs}
