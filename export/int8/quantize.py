"""Symmetric INT8 with one scale for each output channel of a linear's weight, [out, in]."""

import torch
from torch import Tensor

MAX = 127  # -128 is left out, so that the range is symmetric


def channel_scales(weight: Tensor) -> Tensor:
    """Return the value that 1 in INT8 stands for, FP32 [out]. A channel of zeros gets 1."""
    smallest, largest = weight.float().aminmax(dim=1)
    magnitudes = torch.maximum(largest, -smallest)
    return torch.where(magnitudes > 0, magnitudes / MAX, 1.0)


def to_int8(weight: Tensor, scales: Tensor) -> Tensor:
    """Quantise to the nearest; the scales leave no value out of range."""
    return (weight.float() / scales[:, None]).round_().clamp_(-MAX, MAX).to(torch.int8)


def fake_quantize(weight: Tensor) -> Tensor:
    """Quantise and dequantise; FP32."""
    scales = channel_scales(weight)
    return to_int8(weight, scales).float() * scales[:, None]
