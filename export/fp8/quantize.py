"""FP8 E4M3 as TensorRT's Q/DQ layers define it, with one positive scale for a whole tensor."""

import torch
from torch import Tensor

TYPE = torch.float8_e4m3fn
MAX = torch.finfo(TYPE).max  # 448


def scale_for(largest: float) -> float:
    """Return the scale that maps the magnitude `largest` to the largest FP8 value.

    The scale is BF16, since DequantizeLinear returns the type of its scale, and rounded up, so that
    rounding saturates nothing. A tensor of zeros gets 1: TensorRT accepts only positive scales.
    """
    if largest == 0:
        return 1.0
    exact = torch.tensor(largest, dtype=torch.float32) / MAX
    scale = exact.to(torch.bfloat16)
    if scale < exact:
        scale = scale.nextafter(torch.tensor(torch.inf, dtype=torch.bfloat16))
    return scale.item()


def to_fp8(tensor: Tensor, scale: float) -> Tensor:
    """Quantise, clamping first: torch would turn values out of range into NaN."""
    return (tensor.float() / scale).clamp(-MAX, MAX).to(TYPE)


def fake_quantize(tensor: Tensor, scale: float) -> Tensor:
    """Quantise and dequantise; same type as `tensor`."""
    return (to_fp8(tensor, scale).float() * scale).to(tensor.dtype)
