"""The linears of diffusers' transformer and of T5, and the cost of quantising them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

_BLOCK = re.compile(r"(?:^|\.)(?:transformer_blocks|encoder\.block)\.(\d+)(?:\.(.+))?$")


@dataclass(frozen=True)
class GroupError:
    """Cost of quantising one group of linears alone."""

    error: float  # relative L2 error of the outputs
    error_share: float  # of the squared errors of all groups


def linears(model: nn.Module) -> list[tuple[str, nn.Linear]]:
    return [(name, module) for name, module in model.named_modules() if type(module) is nn.Linear]


def in_a_block(name: str) -> bool:
    return _BLOCK.search(name) is not None


def group_of(name: str, blocks: int) -> str:
    """Return the group of a linear: first block, last block, kind in the others, or module."""
    block = _BLOCK.search(name)
    if block:
        ends = {0: "first block", blocks - 1: "last block"}
        return ends.get(int(block[1]), block[2] or "")
    # The projection to the blocks' modulations is of another kind than the embedding before it.
    return name if name == "time_embed.linear" else name.split(".")[0]


def group_errors(
    exact: Sequence[Tensor], quantized: Iterable[tuple[str, Sequence[Tensor]]]
) -> dict[str, GroupError]:
    """Compare outputs, each pair of one call.

    Args:
        exact: without quantisation.
        quantized: group -> with this group quantised.
    """
    total = _squares(exact)
    squared = {
        group: _squares([one - other for one, other in zip(outputs, exact, strict=True)])
        for group, outputs in quantized
    }
    all_errors = sum(squared.values())
    return {
        group: GroupError((errors / total) ** 0.5, errors / all_errors)
        for group, errors in squared.items()
    }


def _squares(tensors: Sequence[Tensor]) -> float:
    return sum(tensor.double().square().sum().item() for tensor in tensors)
