from functools import partial
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


Short = partial(Loop, warmup_steps=5, averaged_steps=10.0, seed=1)


class PowerCutError(Exception):
    pass


def test_it_learns_and_runs_every_stage(tmp_path: Path) -> None:
    net, stages, losses = module(), [], []

    def loss(stage: int, random: Random) -> Tensor:
        stages.append(stage)
        value = loss_of(net, random)
        losses.append(value.item())
        return value

    loop = Short(net, STAGES, tmp_path, "net")
    loop.run(loss)
    assert stages == [0] * 60 + [1] * 40
    assert sum(losses[-10:]) < 0.2 * sum(losses[:10])
    assert loss_of(loop.averaged, Random(7)).item() < 0.2 * losses[0]
    rows = (tmp_path / "net.csv").read_text().splitlines()
    assert [row.split(",")[:2] for row in rows] == [["step", "stage"], ["50", "0"], ["100", "1"]]


def test_an_interrupted_training_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = module()
    Short(whole, STAGES, tmp_path / "whole", "net").run(lambda _, r: loss_of(whole, r))

    first = module()

    def until_step_70(stage: int, random: Random) -> Tensor:
        if loop.step == 70:
            raise PowerCutError
        return loss_of(first, random)

    loop = Short(first, STAGES, tmp_path / "parts", "net", save_seconds=-1.0)
    with pytest.raises(PowerCutError):
        loop.run(until_step_70)
    second = module()
    loop = Short(second, STAGES, tmp_path / "parts", "net")
    assert loop.step == 70
    loop.run(lambda _, r: loss_of(second, r))

    for one, other in zip(whole.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_it_can_start_at_a_later_stage(tmp_path: Path) -> None:
    net, stages = module(), []

    def loss(stage: int, random: Random) -> Tensor:
        stages.append(stage)
        return loss_of(net, random)

    Short(net, STAGES, tmp_path, "net", first_stage=1).run(loss)
    assert stages == [1] * 40


def test_weights_of_t5_are_not_trained_with_muon(tmp_path: Path) -> None:
    net = nn.ModuleDict({"text": new_text_encoder(20), "linear": nn.Linear(128, 1)})
    queries = net["text"].get_parameter("encoder.block.0.layer.0.SelfAttention.q.weight")
    linear = net["linear"].get_parameter("weight")
    before = queries.detach().clone(), linear.detach().clone()

    def loss(_: int, random: Random) -> Tensor:
        value: Tensor = net["linear"](net["text"](torch.arange(20)[None])[0]).square().mean()
        return value

    Short(net, [Stage(5, matrix_rate=0.0, other_rate=1e-2)], tmp_path, "net").run(loss)
    assert not torch.equal(queries, before[0])
    assert torch.equal(linear, before[1])
