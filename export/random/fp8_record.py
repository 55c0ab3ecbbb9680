"""Make up an FP8 calibration: for measurements of cost, which does not depend on the scales."""

import torch
from diffusers import LTXVideoTransformer3DModel as Transformer
from torch import nn

from export.checkpoint.folder import Checkpoint
from export.fp8.record import Group, Record, Scales, prompts_sha256

_SCALES = Scales(input=0.05, weight=0.001)


def random_record(checkpoint: Checkpoint) -> Record:
    """Return a record with all linears of the blocks in FP8, as calibrations so far have chosen."""
    with torch.device("meta"):
        model = Transformer(**checkpoint.config("transformer"))
    layers = {
        f"transformer_blocks.{name}": _SCALES
        for name, module in model.transformer_blocks.named_modules()
        if type(module) is nn.Linear
    }
    return Record(
        checkpoint_sha256=checkpoint.sha256(),
        prompts_sha256=prompts_sha256(),
        arithmetic="none",
        height=0,
        width=0,
        num_frames=0,
        num_inference_steps=0,
        rule="all linears of the blocks",
        groups={
            "blocks": Group(
                error=0.0, error_share=0.0, work_share=1.0, quantized=True, layers=layers
            )
        },
    )
