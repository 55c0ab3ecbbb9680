"""Precisions of an export, and what they mean for each engine."""

from enum import StrEnum

import torch

from ltx_triton.contract import TRANSFORMER, ModelContract


class Precision(StrEnum):
    """Type of the engines' weights and arithmetic, except where FP32 is needed."""

    FP32 = "fp32"
    INT8 = "int8"  # FP32 for a CPU, with the weights of most linears of T5 and transformer in INT8
    FP16 = "fp16"  # for TensorRT 8.6, which has nothing better
    BF16 = "bf16"
    FP8 = "fp8"  # BF16, with the transformer's linears in FP8 where that costs little

    @property
    def opset(self) -> int:
        """ONNX operator set of the graphs.

        TensorRT 8.6 reads 18. From 20 on, GELU is one operator, computed without intermediate
        rounding.
        """
        return 20 if self in (Precision.BF16, Precision.FP8) else 18

    def dtype(self, contract: ModelContract) -> torch.dtype:
        """Type of an engine's weights, except for linears in FP8.

        FP16 is too narrow for T5 (its feed-forward outputs exceed 65504) and for the VAE (green
        frames), so only the transformer takes it.
        """
        if self in (Precision.BF16, Precision.FP8):
            return torch.bfloat16
        if self is Precision.FP16 and contract is TRANSFORMER:
            return torch.float16
        return torch.float32


FOR_CPU = (Precision.FP32, Precision.INT8)  # OpenVINO's arithmetic is up to CPU_PRECISION
