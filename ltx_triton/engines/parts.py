"""Run a batch in parts that take no more memory than a single large video."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltx_triton.contract import ModelContract
from ltx_triton.engines.session import Arrays

# Computed at once. More of them use the processor no better, and memory in proportion.
_MOST_TOKENS = 8192


def run_in_parts(
    infer: Callable[[Arrays], dict[str, NDArray[Any]]], contract: ModelContract, inputs: Arrays
) -> dict[str, NDArray[Any]]:
    """Return what `infer` makes of the whole batch."""
    runs = [infer(part) for part in _divide(contract, inputs)]
    if len(runs) == 1:
        return runs[0]
    return {name: np.concatenate([run[name] for run in runs]) for name in runs[0]}


def _divide(contract: ModelContract, inputs: Arrays) -> Iterator[Arrays]:
    batch = inputs[contract.inputs[0].name]
    tokens = math.prod(batch.shape[1:4])  # of text [B, T], or latents [B, F, H, W, L]
    size = max(1, _MOST_TOKENS // tokens)
    for first in range(0, len(batch), size):
        yield {name: array[first : first + size] for name, array in inputs.items()}
