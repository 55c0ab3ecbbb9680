"""Make up an FP8 calibration: for measurements of cost, which does not depend on the scales."""

from typing import Any

import torch
from diffusers import LTXVideoTransformer3DModel as Transformer
from torch import nn

from export.checkpoint.checkpoint import Checkpoint
from export.fp8.record import Group, Record, Scales, prompts_sha256


def random_record(checkpoint: Checkpoint) -> Record:
    """Return a record with all linears of the blocks in FP8, as calibrations so far have chosen."""
    layers = random_scales(checkpoint.config("transformer"))
    group = Group(error=0.0, error_share=0.0, work_share=1.0, quantized=True, layers=layers)
    return Record(
        checkpoint_sha256=checkpoint.sha256(),
        prompts_sha256=prompts_sha256(),
        arithmetic="none",
        height=0,
        width=0,
        num_frames=0,
        num_inference_steps=0,
        rule="all linears of the blocks",
        groups={"blocks": group},
    )


def random_scales(transformer: dict[str, Any]) -> dict[str, Scales]:
    """Return scales for the linears of all blocks; `transformer` is diffusers' config."""
    with torch.device("meta"):
        blocks = Transformer.from_config(transformer).transformer_blocks
    return {
        f"transformer_blocks.{name}": Scales(input=0.05, weight=0.001)
        for name, module in blocks.named_modules()
        if type(module) is nn.Linear
    }
