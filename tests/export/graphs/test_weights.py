from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from export.checkpoint.folder import FolderCheckpoint
from export.errors import ExportError
from export.graphs import text_encoder, transformer, vae_decoder
from export.graphs.engine import Engine
from export.graphs.weights import load_weights
from export.int8.quantize import fake_quantize
from export.precision import Precision
from export.verification.reference import REFERENCES
from export.verification.verify import difference
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import SIZES, draw

BUILDS: list[Callable[[FolderCheckpoint, Precision], Engine]] = [
    text_encoder.build,
    transformer.build,
    lambda checkpoint, precision: vae_decoder.build(checkpoint, precision, 0.05, 0.025),
]
builds = pytest.mark.parametrize(
    "build", BUILDS, ids=["text_encoder", "transformer", "vae_decoder"]
)


@builds
def test_modules_compute_what_the_checkpoints_do(
    build: Callable[[FolderCheckpoint, Precision], Engine],
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    engine = build(checkpoint, Precision.FP32)
    contract = engine.contract
    batch = draw(contract, config, checkpoint, SIZES[2], 8, generator)
    (expected,) = REFERENCES[contract.name](checkpoint, config, [batch])
    with torch.no_grad():
        module = load_weights(engine, checkpoint)
        actual = module(*(torch.from_numpy(batch[tensor.name]) for tensor in contract.inputs))
    found = difference(actual.numpy(), expected)
    assert found.absolute <= 1 if expected.dtype == np.uint8 else found.relative < 2e-5


@builds
def test_parameters_have_the_precisions_type(
    build: Callable[[FolderCheckpoint, Precision], Engine], checkpoint: FolderCheckpoint
) -> None:
    module = load_weights(build(checkpoint, Precision.BF16), checkpoint)
    assert {tensor.dtype for tensor in module.parameters()} == {torch.bfloat16}
    assert not any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers()))


def test_a_missing_weight_is_named(checkpoint: FolderCheckpoint, tmp_path: Path) -> None:
    engine = text_encoder.build(checkpoint, Precision.FP32)
    (tmp_path / "text_encoder").mkdir()
    weights = load_file(checkpoint.folder / "text_encoder" / "model.safetensors")
    del weights["encoder.final_layer_norm.weight"]
    save_file(weights, tmp_path / "text_encoder" / "model.safetensors")
    with pytest.raises(ExportError, match=r"has no weight encoder\.final_layer_norm\.weight"):
        load_weights(engine, FolderCheckpoint(tmp_path))


def test_int8_weights_are_rounded(checkpoint: FolderCheckpoint) -> None:
    exact = load_weights(transformer.build(checkpoint, Precision.FP32), checkpoint).state_dict()
    engine = transformer.build(checkpoint, Precision.INT8)
    found = load_weights(engine, checkpoint).state_dict()
    assert len(engine.int8) > 10
    for name, weight in exact.items():
        expected = fake_quantize(weight) if name in engine.int8 else weight
        assert torch.equal(found[name], expected)
