"""Optimisation profiles: the shapes of every input, for each named size."""

import math

from ltx_triton.contract import TEXT_ENCODER, ModelContract
from ltx_triton.engines.tensorrt.plan import Profile, Range, Shape
from ltx_triton.pipeline.config import PipelineConfig, SizeLimit

# From here on, products of matrices are limited by arithmetic, not by reading the weights: a batch
# gains nothing, and would multiply the memory for activations.
_BATCHED_TOKENS = 1024


def profiles(
    contract: ModelContract, config: PipelineConfig, limits: dict[str, SizeLimit]
) -> tuple[Profile, ...]:
    """Return a profile for each size, in the order of `limits`; the text encoder has one in all.

    Each profile accepts every video up to its size, and is optimal for a single video of exactly
    its size with the longest text. Batches are accepted where they can help, and where guidance
    needs them.
    """
    if contract is TEXT_ENCODER:
        return (_profile("text", contract, config, SizeLimit(1, 1, 1)),)
    return tuple(_profile(name, contract, config, limit) for name, limit in limits.items())


def _profile(
    name: str, contract: ModelContract, config: PipelineConfig, limit: SizeLimit
) -> Profile:
    smallest = _shapes(config, 1, min(config.text_buckets), (1, 1, 1))
    latent = (
        1 + (limit.num_frames - 1) // config.temporal_compression,
        max(1, limit.height // config.spatial_compression),
        max(1, limit.width // config.spatial_compression),
    )
    best = _shapes(config, 1, max(config.text_buckets), latent)
    needed = 1 if config.guidance_scale == 1 else 2  # one with each text
    most = contract.max_batch_size
    batch = most if math.prod(latent) <= _BATCHED_TOKENS else min(most, needed)
    largest = _shapes(config, batch, max(config.text_buckets), latent)
    return Profile(
        name,
        {
            tensor.name: Range(smallest[tensor.name], best[tensor.name], largest[tensor.name])
            for tensor in contract.inputs
        },
    )


def _shapes(
    config: PipelineConfig, batch: int, tokens: int, latent: tuple[int, int, int]
) -> dict[str, Shape]:
    """Input -> shape, for the inputs of all engines; `latent` is [F, H, W]."""
    latents = (batch, *latent, config.latent_channels)
    return {
        "input_ids": (batch, tokens),
        "attention_mask": (batch, tokens),
        "prompt_embeds": (batch, tokens, config.caption_channels),
        "latents": latents,
        "noise": latents,
        "frame_rate": (batch, 1),
        "sigma": (batch, 1),
        "sigma_next": (batch, 1),
    }
