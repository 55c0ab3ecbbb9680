"""FP8 in PyTorch: linears that round their input and weight as the Q/DQ graph does."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from export.fp8.quantize import fake_quantize
from export.fp8.record import Scales


@contextmanager
def fake_quantized(
    model: nn.Module, layers: Mapping[str, Scales], *, quantized_inputs: bool = True
) -> Iterator[None]:
    """Let the named linears of `model` compute with FP8 values, in the type of their weights.

    Args:
        model: diffusers' transformer.
        layers: linear -> its scales.
        quantized_inputs: whether their inputs are quantised, or their weights alone.
    """
    for name, scales in layers.items():
        layer: Any = model.get_submodule(name)
        layer.forward = _quantized(layer, scales, quantized_inputs)
    try:
        yield
    finally:
        for name in layers:
            del model.get_submodule(name).forward


def _quantized(
    layer: nn.Linear, scales: Scales, quantized_inputs: bool
) -> Callable[[Tensor], Tensor]:
    # The weight is rounded at each call: a rounded copy of all of them would double the memory.
    def forward(values: Tensor) -> Tensor:
        weight = fake_quantize(layer.weight, scales.weight)
        if quantized_inputs:
            values = fake_quantize(values, scales.input)
        return functional.linear(values, weight, layer.bias)

    return forward
