from pathlib import Path
from random import Random

import pytest
import torch
from torch import Tensor, nn

from demo.training.loop import Loop, Stage
from demo.training.models import new_text_encoder

STAGES = (Stage(60, 1e-1, 5e-2), Stage(40, 5e-2, 2e-2))


def module() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.SiLU(), nn.Linear(8, 1))


def loss_of(net: nn.Module, random: Random) -> Tensor:
    inputs = torch.randn(32, 4, generator=torch.Generator().manual_seed(random.randrange(10**6)))
    loss: Tensor = (net(inputs)[:, 0] - inputs.sum(dim=1)).square().mean()
    return loss


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.training.loop._WARMUP", 5)
    monkeypatch.setattr("demo.training.loop._AVERAGED_STEPS", 10.0)


class SwitchedOffError(Exception):
    """In place of a machine that is switched off."""


def test_it_learns_and_visits_every_stage(tmp_path: Path) -> None:
    net, stages, losses = module(), [], []

    def loss(stage: int, random: Random) -> Tensor:
        stages.append(stage)
        value = loss_of(net, random)
        losses.append(value.item())
        return value

    loop = Loop(net, STAGES, tmp_path, "net", seed=1)
    loop.run(loss)
    assert stages == [0] * 60 + [1] * 40
    assert sum(losses[-10:]) < 0.2 * sum(losses[:10])
    assert loss_of(loop.averaged, Random(7)).item() < 0.2 * losses[0]
    rows = (tmp_path / "net.csv").read_text().splitlines()
    assert [row.split(",")[:2] for row in rows] == [["step", "stage"], ["50", "0"], ["100", "1"]]


def test_an_interrupted_training_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.training.loop._SAVE_SECONDS", -1.0)
    whole = module()
    Loop(whole, STAGES, tmp_path / "whole", "net", seed=1).run(lambda _, r: loss_of(whole, r))

    first = module()

    def until_step_70(stage: int, random: Random) -> Tensor:
        if loop.step == 70:
            raise SwitchedOffError
        return loss_of(first, random)

    loop = Loop(first, STAGES, tmp_path / "parts", "net", seed=1)
    with pytest.raises(SwitchedOffError):
        loop.run(until_step_70)
    second = module()
    loop = Loop(second, STAGES, tmp_path / "parts", "net", seed=1)
    assert loop.step == 70
    loop.run(lambda _, r: loss_of(second, r))

    for one, other in zip(whole.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_weights_of_t5_are_not_trained_with_muon(tmp_path: Path) -> None:
    net = nn.ModuleDict({"text": new_text_encoder(20), "linear": nn.Linear(128, 1)})
    queries = net["text"].get_parameter("encoder.block.0.layer.0.SelfAttention.q.weight")
    linear = net["linear"].get_parameter("weight")
    before = queries.detach().clone(), linear.detach().clone()

    def loss(_: int, random: Random) -> Tensor:
        value: Tensor = net["linear"](net["text"](torch.arange(20)[None])[0]).square().mean()
        return value

    Loop(net, [Stage(5, matrix_rate=0.0, other_rate=1e-2)], tmp_path, "net", seed=1).run(loss)
    assert not torch.equal(queries, before[0])
    assert torch.equal(linear, before[1])
