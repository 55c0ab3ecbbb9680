"""Write a random T5 encoder as a single file, in transformers' names, with its embeddings twice."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from transformers import T5Config, T5EncoderModel

from export.random.architectures import T5_XXL
from export.random.checkpoint import TEXT_ENCODER
from export.random.stored import write_tensors
from export.random.weights import random_weight

Kind = Literal["fp32", "fp16", "fp8", "fp8_scaled"]
SIZES: dict[str, dict[str, Any]] = {"tiny": {}, "xxl": T5_XXL}
_TYPES = {"fp32": torch.float32, "fp16": torch.float16}
_FP8 = torch.float8_e4m3fn
_TABLES = ("shared", "embed_tokens", "relative_attention_bias")
_SPREAD = 6  # standard deviations that a scale makes room for


def write_random_t5_file(
    file: Path, kind: Kind, seed: int = 0, *, config: dict[str, Any] | None = None
) -> None:
    """Write the file.

    Args:
        file: its folder is created if missing.
        kind: type of the stored values; `fp8_scaled` has linears in FP8 with a scale each, and the
            rest in FP16.
        seed: the same seed gives the values that `write_random_checkpoint` gives, rounded.
        config: entries of transformers' config that replace the small ones.
    """
    with torch.device("meta"):
        module = T5EncoderModel(T5Config(**TEXT_ENCODER | (config or {})))
    stored: dict[str, tuple[torch.Size, torch.dtype]] = {}
    draws: dict[str, Callable[[], Tensor]] = {}
    for name, weight in module.state_dict().items():
        source = "shared.weight" if name == "encoder.embed_tokens.weight" else name
        is_linear = weight.dim() == 2 and not any(table in name for table in _TABLES)
        is_scaled = kind == "fp8_scaled" and is_linear
        scale = _SPREAD / math.sqrt(weight.shape[-1]) / torch.finfo(_FP8).max if is_scaled else 1.0
        dtype = _FP8 if is_scaled or kind == "fp8" else _TYPES.get(kind, torch.float16)
        stored[name] = weight.shape, dtype
        draws[name] = _drawing(module, source, seed, scale, dtype)
        if is_scaled:
            key = name.removesuffix(".weight") + ".scale_weight"
            stored[key] = torch.Size([]), torch.float32
            draws[key] = _constant(scale)
    if kind == "fp8_scaled":
        stored["scaled_fp8"] = torch.Size([0]), _FP8
        draws["scaled_fp8"] = lambda: torch.empty(0, dtype=_FP8)
    write_tensors(file, stored, lambda key: draws[key](), {"format": "pt"})


def _drawing(
    module: T5EncoderModel, name: str, seed: int, scale: float, dtype: torch.dtype
) -> Callable[[], Tensor]:
    def draw() -> Tensor:
        values = random_weight(module, name, seed).div_(scale)
        if dtype is _FP8:  # larger values would become NaN
            values.clamp_(-torch.finfo(_FP8).max, torch.finfo(_FP8).max)
        return values.to(dtype)

    return draw


def _constant(value: float) -> Callable[[], Tensor]:
    return lambda: torch.tensor(value)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m export.random.t5_file", description=__doc__)
    parser.add_argument("file", type=Path, help="name of the file; its folder is created")
    parser.add_argument(
        "--size", choices=SIZES, default="tiny", help="of the encoder (default: %(default)s)"
    )
    parser.add_argument(
        "--kind", choices=get_args(Kind), default="fp16", help="of values (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random weights (default: 0)")
    given = parser.parse_args()
    write_random_t5_file(given.file, given.kind, given.seed, config=SIZES[given.size])
    print(f"Random text encoder written to {given.file}")


if __name__ == "__main__":
    main()
