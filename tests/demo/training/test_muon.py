import torch
from torch import nn

from demo.training.muon import Muon


def test_an_update_has_singular_values_of_about_the_learning_rate() -> None:
    torch.manual_seed(0)
    for shape in ((16, 48), (48, 16), (8, 4, 3, 3, 3)):
        weight = nn.Parameter(torch.zeros(shape))
        weight.grad = torch.randn(shape)
        Muon([weight], lr=0.1).step()
        rows = shape[0]
        values = torch.linalg.svdvals(weight.detach().flatten(1))
        size = 0.1 * max(1, rows / (weight.numel() / rows)) ** 0.5
        assert values.max() < 1.3 * size
        assert values.min() > 0.5 * size


def test_it_minimises_a_loss() -> None:
    torch.manual_seed(0)
    weight = nn.Parameter(torch.zeros(8, 8))
    target = torch.randn(8, 8)
    optimizer = Muon([weight], lr=0.02)
    for _ in range(200):
        weight.grad = weight.detach() - target
        optimizer.step()
    assert (weight - target).square().mean() < 0.1 * target.square().mean()


def test_a_weight_without_a_gradient_does_not_change() -> None:
    weight = nn.Parameter(torch.ones(4, 4))
    Muon([weight], lr=0.1).step()
    assert torch.equal(weight, torch.ones(4, 4))
