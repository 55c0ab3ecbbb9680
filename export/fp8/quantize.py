"""FP8 E4M3 as TensorRT's Q/DQ layers define it, with one positive scale for a whole tensor."""

import torch
from torch import Tensor

TYPE = torch.float8_e4m3fn
MAX = torch.finfo(TYPE).max  # 448


def scale_for(largest: float) -> float:
    """Scale under which `largest`, a magnitude, becomes the largest FP8 value.

    It is a BF16 value, since a DequantizeLinear's result has the type of its scale, and rounded
    upwards, so that nothing saturates by the rounding. A tensor of zeros gets 1: TensorRT takes
    positive scales only.
    """
    if largest == 0:
        return 1.0
    exact = torch.tensor(largest, dtype=torch.float32) / MAX
    scale = exact.to(torch.bfloat16)
    if scale < exact:
        scale = scale.nextafter(torch.tensor(torch.inf, dtype=torch.bfloat16))
    return scale.item()


def to_fp8(tensor: Tensor, scale: float) -> Tensor:
    """Quantise; torch makes NaN of what is too large, so it is clamped before."""
    return (tensor.float() / scale).clamp(-MAX, MAX).to(TYPE)


def rounded(tensor: Tensor, scale: float) -> Tensor:
    """Quantise and dequantise; same type as `tensor`."""
    return (to_fp8(tensor, scale).float() * scale).to(tensor.dtype)
