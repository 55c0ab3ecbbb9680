"""Measure which groups of linears lose too much accuracy in FP8."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from export.fp8.record import Group, Scales
from export.fp8.simulate import fake_quantized

# Shares of all groups sum to one, so groups above this hold less than a quarter of the work.
LIMIT = 4
RULE = (
    f"A group is left out when its share of the squared error is more than {LIMIT} times its "
    "share of the multiplications."
)

Call = dict[str, Any]  # keyword arguments of the transformer


@dataclass(frozen=True)
class Layer:
    """Calibration of a linear."""

    scales: Scales
    work: float  # multiplications


@torch.no_grad()
def measure(
    model: nn.Module, layers: Mapping[str, Layer], calls: Iterable[Call]
) -> dict[str, Group]:
    """Quantise one group at a time and compare the velocity with the unquantised one.

    Args:
        model: diffusers' transformer.
        layers: all its linears.
        calls: arguments of the transformer, to compare with.
    """
    blocks = len(model.get_submodule("transformer_blocks"))  # type: ignore[arg-type]
    members: dict[str, dict[str, Layer]] = {}
    for name, layer in layers.items():
        members.setdefault(group_of(name, blocks), {})[name] = layer
    calls = list(calls)
    squared = dict.fromkeys(members, 0.0)
    total = 0.0
    with tqdm(total=len(calls) * (len(members) + 1), desc="fp8 sensitivity", unit="run") as bar:
        for call in calls:
            exact = _velocity(model, call)
            total += exact.square().sum().item()
            bar.update()
            for group, inside in members.items():
                with fake_quantized(model, {name: layer.scales for name, layer in inside.items()}):
                    squared[group] += (_velocity(model, call) - exact).square().sum().item()
                bar.update()
    all_errors = sum(squared.values())
    all_work = sum(layer.work for layer in layers.values())
    groups = {}
    for group, inside in members.items():
        error_share = squared[group] / all_errors
        work_share = sum(layer.work for layer in inside.values()) / all_work
        groups[group] = Group(
            error=(squared[group] / total) ** 0.5,
            error_share=error_share,
            work_share=work_share,
            quantized=error_share <= LIMIT * work_share,
            layers={name: layer.scales for name, layer in inside.items()},
        )
    return dict(sorted(groups.items(), key=lambda item: -item[1].error_share))


def group_of(name: str, blocks: int) -> str:
    """Group of a linear: the first block, the last one, its kind in the others, or its module."""
    parts = name.split(".")
    if parts[0] == "transformer_blocks":
        ends = {0: "first block", blocks - 1: "last block"}
        return ends.get(int(parts[1]), ".".join(parts[2:]))
    # The projection to the blocks' modulations is of another kind than the embedding before it.
    return name if name == "time_embed.linear" else parts[0]


def _velocity(model: nn.Module, call: Call) -> torch.Tensor:
    velocity: torch.Tensor = model(**call)[0]
    return velocity.double()
