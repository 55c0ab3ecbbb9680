"""Measure which groups of linears lose too much accuracy in FP8."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from export.fp8.record import Group, Scales
from export.fp8.simulate import fake_quantized
from export.linears import group_errors, group_of

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
    with tqdm(total=len(calls) * (len(members) + 1), desc="fp8 sensitivity", unit="run") as bar:

        def velocities() -> Iterator[torch.Tensor]:
            for call in calls:
                yield _velocity(model, call)
                bar.update()

        def quantized() -> Iterator[tuple[str, list[torch.Tensor]]]:
            for group, inside in members.items():
                with fake_quantized(model, {name: layer.scales for name, layer in inside.items()}):
                    yield group, list(velocities())

        errors = group_errors(list(velocities()), quantized())
    all_work = sum(layer.work for layer in layers.values())
    groups = {}
    for group, inside in members.items():
        error_share = errors[group].error_share
        work_share = sum(layer.work for layer in inside.values()) / all_work
        groups[group] = Group(
            error=errors[group].error,
            error_share=error_share,
            work_share=work_share,
            quantized=error_share <= LIMIT * work_share,
            layers={name: layer.scales for name, layer in inside.items()},
        )
    return dict(sorted(groups.items(), key=lambda item: -item[1].error_share))


def _velocity(model: nn.Module, call: Call) -> torch.Tensor:
    velocity: torch.Tensor = model(**call)[0]
    return velocity.double()
