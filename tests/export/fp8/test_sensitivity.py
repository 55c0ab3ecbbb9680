from typing import Any

import pytest
import torch
from torch import Tensor, nn

from export.fp8.quantize import scale_for
from export.fp8.record import Scales
from export.fp8.sensitivity import LIMIT, Layer, measure


class Model(nn.Module):
    """A residual network whose small linears are as wide as the others, but are called less."""

    def __init__(self) -> None:
        super().__init__()
        self.proj_in = nn.Linear(64, 64)
        self.transformer_blocks = nn.ModuleList(nn.Linear(64, 64) for _ in range(4))

    def forward(self, *, hidden_states: Tensor, **_: Any) -> tuple[Tensor]:
        hidden_states = self.proj_in(hidden_states)
        for block in self.transformer_blocks:
            hidden_states = hidden_states + 0.1 * block(hidden_states)
        return (hidden_states,)


@pytest.fixture
def layers() -> dict[str, Layer]:
    """Fitting scales; the blocks do nearly all the work."""
    names = ["proj_in", *(f"transformer_blocks.{number}" for number in range(4))]
    scales = Scales(scale_for(5.0), scale_for(0.125))
    return {name: Layer(scales, 1.0 if name == "proj_in" else 100.0) for name in names}


def calls() -> list[dict[str, Any]]:
    torch.manual_seed(0)
    return [{"hidden_states": torch.randn(1, 16, 64), "other": None} for _ in range(2)]


def test_what_costs_more_than_its_share_is_left_out(layers: dict[str, Layer]) -> None:
    torch.manual_seed(0)
    groups = measure(Model(), layers, calls())
    assert {name for name, group in groups.items() if not group.quantized} == {"proj_in"}
    assert next(iter(groups)) == "proj_in"  # the most sensitive comes first
    for group in groups.values():
        assert group.quantized == (group.error_share <= LIMIT * group.work_share)


def test_shares_add_up_and_every_layer_is_in_one_group(layers: dict[str, Layer]) -> None:
    torch.manual_seed(0)
    groups = measure(Model(), layers, calls())
    assert sum(group.error_share for group in groups.values()) == pytest.approx(1)
    assert sum(group.work_share for group in groups.values()) == pytest.approx(1)
    members = [name for group in groups.values() for name in group.layers]
    assert sorted(members) == sorted(layers)


def test_the_error_is_that_of_the_velocity(layers: dict[str, Layer]) -> None:
    torch.manual_seed(0)
    model = Model()
    # All of the last block's inputs saturate at about zero: its share of the output is gone.
    layers["transformer_blocks.3"] = Layer(Scales(1e-30, scale_for(0.125)), 100.0)
    error = measure(model, layers, calls())["last block"].error
    with torch.no_grad():
        exact = [model(**call)[0] for call in calls()]
        del model.transformer_blocks[3]
        without = [model(**call)[0] for call in calls()]
    bias = 0.1 * Model().proj_in.bias.abs().max().item()
    expected = (torch.cat(exact) - torch.cat(without)).norm() / torch.cat(exact).norm()
    assert error == pytest.approx(expected.item(), abs=2 * bias)
