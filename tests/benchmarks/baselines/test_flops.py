import math
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import LTXVideoTransformer3DModel
from torch import nn

from benchmarks.baselines.flops import component_flops, peak_flops
from export.checkpoint.folder import FolderCheckpoint
from export.verification.reference import transformer
from ltx_triton.contract import ENGINES, TRANSFORMER
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import draw

SIZES = {"batch": 1, "frames": 3, "latent_height": 4, "latent_width": 5, "tokens": 7}


def test_linears_are_counted_as_diffusers_runs_them(
    checkpoint: FolderCheckpoint, config: PipelineConfig
) -> None:
    random = np.random.default_rng(0)
    inputs = {
        contract.name: draw(contract, config, checkpoint, SIZES, 8, random) for contract in ENGINES
    }
    counted = 0

    def count(module: nn.Module, arguments: tuple[Any, ...], _: Any) -> None:
        nonlocal counted
        if isinstance(module, nn.Linear):
            counted += 2 * math.prod(arguments[0].shape[:-1]) * module.weight.numel()

    handle = nn.modules.module.register_module_forward_hook(count)
    transformer(checkpoint, config, [inputs[TRANSFORMER.name]])
    handle.remove()
    counts = component_flops(checkpoint, inputs)
    assert counts["transformer"]["linear"] == counted
    # Scores and weighted sums of the attention to tokens and to text, two products each.
    dit = LTXVideoTransformer3DModel.load_config(checkpoint.folder / "transformer")
    width = dit["num_attention_heads"] * dit["attention_head_dim"]
    tokens = SIZES["frames"] * SIZES["latent_height"] * SIZES["latent_width"]
    attended = tokens + SIZES["tokens"]
    assert counts["transformer"]["other"] == dit["num_layers"] * 4 * tokens * attended * width


@pytest.mark.slow
@pytest.mark.alone
def test_the_peak_is_a_plausible_rate() -> None:
    assert 1e8 < peak_flops(torch.device("cpu"), "fp32") < 1e14
