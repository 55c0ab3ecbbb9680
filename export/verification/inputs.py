"""Random inputs of engines."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltx_triton.contract import ModelContract
from ltx_triton.pipeline.config import PipelineConfig

Inputs = dict[str, NDArray[Any]]


def random_inputs(
    contract: ModelContract,
    config: PipelineConfig,
    vocabulary: int,
    sizes: dict[str, int],
    steps: int,
    generator: np.random.Generator,
) -> Inputs:
    """Draw inputs of an engine; every sample has its own text length, frame rate and sigma.

    Args:
        contract: of the engine.
        config: the channels of its tensors, and the sigmas.
        vocabulary: token ids are below it.
        sizes: of the dynamic axes, by name.
        steps: the sigmas are the last of a schedule of so many steps.
        generator: source of the values.
    """
    batch = sizes["batch"]
    lengths = generator.integers(1, sizes["tokens"], size=(batch, 1), endpoint=True)
    latents = (
        batch,
        sizes["frames"],
        sizes["latent_height"],
        sizes["latent_width"],
        config.latent_channels,
    )
    text = (batch, sizes["tokens"])
    sigmas = np.array(config.sigmas[steps], dtype=np.float32)[-batch - 1 :, None]

    def normal(*shape: int) -> NDArray[np.float32]:
        return generator.standard_normal(shape, dtype=np.float32)

    values: Inputs = {
        "input_ids": generator.integers(vocabulary, size=text, dtype=np.int32),
        "attention_mask": (np.arange(sizes["tokens"])[None] < lengths).astype(np.int32),
        "latents": normal(*latents),
        "noise": normal(*latents),
        "prompt_embeds": normal(*text, config.caption_channels),
        "frame_rate": generator.choice([8, 12.5, 24, 30], (batch, 1)).astype(np.float32),
        "sigma": sigmas[:-1],
        "sigma_next": sigmas[1:],
    }
    return {tensor.name: values[tensor.name] for tensor in contract.inputs}
