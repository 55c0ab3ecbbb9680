"""Seeded random weights for modules that hold none, one tensor at a time."""

import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import T5Config


def random_tensor(name: str, shape: torch.Size, seed: int) -> Tensor:
    """FP32 values for the parameter `name`, the same for the same seed whatever else is drawn.

    Scales keep activations near one: weights by 1/sqrt(inputs), norms near 1, biases near 0.
    """
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))
    values = torch.randn(shape, generator=generator)
    if name.endswith("timestep_scale_multiplier"):
        return torch.full(shape, 1000.0)
    if name.endswith("latents_std"):
        return 1.0 + 0.25 * values.clamp(-2, 2)
    if name.endswith("latents_mean"):
        return 0.3 * values
    if name.endswith(("shared.weight", "embed_tokens.weight", "relative_attention_bias.weight")):
        return values
    if len(shape) < 2:
        return 1.0 + 0.1 * values if name.endswith("weight") else 0.02 * values
    return values.div_(math.sqrt(shape[1:].numel()))


def random_weight(module: nn.Module, name: str, seed: int) -> Tensor:
    """FP32 values for a parameter of a module that may be on the meta device."""
    values = random_tensor(name, module.state_dict()[name].shape, seed)
    # T5 does not scale its attention, but its queries when they are initialised. With larger ones
    # each token attends to one other alone, and which one hangs on the last digits.
    if name.endswith("SelfAttention.q.weight"):
        values /= math.sqrt(cast("T5Config", module.config).d_kv)
    return values


def save_random_weights(
    module: nn.Module,
    folder: Path,
    stem: str,
    seed: int,
    dtype: torch.dtype = torch.float32,
    shard_bytes: int | None = None,
) -> None:
    """Write random weights for `module` (which may be on the meta device) as safetensors.

    Args:
        module: gives names and shapes; its own values are not read.
        folder: where the files go.
        stem: file name without `.safetensors`: `model` or `diffusion_pytorch_model`.
        seed: of the random values.
        dtype: of the stored values.
        shard_bytes: start another file when this many bytes are reached, and write an index.
            None: a single file.
    """
    shards = list(_shards(module, dtype, shard_bytes))
    weight_map: dict[str, str] = {}
    for number, names in enumerate(shards, start=1):
        file = f"{stem}.safetensors"
        if shard_bytes is not None:
            file = f"{stem}-{number:05}-of-{len(shards):05}.safetensors"
        tensors = {name: random_weight(module, name, seed).to(dtype) for name in names}
        save_file(tensors, folder / file, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(names, file)
    if shard_bytes is not None:
        size = sum(tensor.numel() for tensor in module.state_dict().values()) * dtype.itemsize
        index = {"metadata": {"total_size": size}, "weight_map": weight_map}
        (folder / f"{stem}.safetensors.index.json").write_text(json.dumps(index, indent=2))


def _shards(module: nn.Module, dtype: torch.dtype, shard_bytes: int | None) -> Iterator[list[str]]:
    names: list[str] = []
    size = 0
    for name, tensor in module.state_dict().items():
        if name == "encoder.embed_tokens.weight":  # T5 stores its embeddings once, as shared.weight
            continue
        names.append(name)
        size += tensor.numel() * dtype.itemsize
        if shard_bytes is not None and size >= shard_bytes:
            yield names
            names, size = [], 0
    if names:
        yield names
