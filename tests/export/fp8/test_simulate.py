import torch
from torch import nn

from export.fp8.quantize import fake_quantize
from export.fp8.record import Scales
from export.fp8.simulate import fake_quantized


def model() -> tuple[nn.Sequential, nn.Linear, nn.Linear]:
    torch.manual_seed(0)
    first, second = nn.Linear(8, 16), nn.Linear(16, 4)
    return nn.Sequential(first, second).requires_grad_(False), first, second


def test_named_linears_compute_with_rounded_values() -> None:
    linears, first, second = model()
    values = torch.randn(3, 8)
    scales = Scales(0.01, 0.001)
    with fake_quantized(linears, {"1": scales}):
        actual = linears(values)
    between = fake_quantize(first(values), scales.input)
    expected = between @ fake_quantize(second.weight, scales.weight).T + second.bias
    torch.testing.assert_close(actual, expected)
    assert not torch.allclose(actual, linears(values), rtol=1e-3)


def test_inputs_may_stay_as_they_are() -> None:
    linears, _, second = model()
    values = torch.randn(3, 16)
    with fake_quantized(linears, {"1": Scales(1e-9, 0.001)}, quantized_inputs=False):
        actual = second(values)
    torch.testing.assert_close(actual, values @ fake_quantize(second.weight, 0.001).T + second.bias)


def test_everything_is_as_before_afterwards() -> None:
    linears, *_ = model()
    values = torch.randn(3, 8)
    expected = linears(values)
    with fake_quantized(linears, {"0": Scales(1.0, 1.0), "1": Scales(1.0, 1.0)}):
        pass
    torch.testing.assert_close(linears(values), expected, rtol=0, atol=0)
    assert all("forward" not in vars(layer) for layer in linears)
