from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto
from safetensors.torch import load_file, save_file

from export.options import ExportOptions
from export.random.checkpoint import write_random_checkpoint
from export.run import export
from ltx_triton.contract import ENGINES, TEXT_ENCODER, ModelContract
from ltx_triton.repository.layout import DATA_FILE
from tests.export.engines import model_file

pytestmark = pytest.mark.slow  # exports twice


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Model repositories of the same values, stored in FP16 and in FP32. Both are verified."""
    folder = tmp_path_factory.mktemp("half")
    checkpoint = folder / "checkpoint"
    write_random_checkpoint(checkpoint, transformer={"num_layers": 1}, dtype=torch.float16)
    repositories = {}
    for name in ("fp16", "fp32"):
        repositories[name] = folder / name
        export(ExportOptions(model=str(checkpoint), output=folder / name, for_cpu=False))
        for file in checkpoint.glob("*/*.safetensors"):
            weights = {key: tensor.float() for key, tensor in load_file(file).items()}
            save_file(weights, file, metadata={"format": "pt"})
    return repositories


@pytest.mark.parametrize("contract", ENGINES, ids=lambda contract: contract.name)
def test_weights_of_an_fp16_checkpoint_take_half_the_space(
    exports: dict[str, Path], contract: ModelContract
) -> None:
    half, full = (
        sum(
            int(np.prod(tensor.dims)) * (2 if tensor.data_type == TensorProto.FLOAT16 else 4)
            for tensor in onnx.load(
                model_file(exports[name], contract), load_external_data=False
            ).graph.initializer
            if tensor.external_data
        )
        for name in ("fp16", "fp32")
    )
    assert 2 * half == full
    sizes = [
        model_file(exports[name], contract).with_name(DATA_FILE).stat().st_size
        for name in ("fp16", "fp32")
    ]
    assert sizes[0] < 0.75 * sizes[1]  # with the gaps between pages


def test_the_engine_computes_as_if_they_were_fp32(exports: dict[str, Path]) -> None:
    inputs = {
        "input_ids": np.arange(3, 13, dtype=np.int32)[None],
        "attention_mask": np.ones((1, 10), np.int32),
    }
    half, full = (
        onnxruntime.InferenceSession(model_file(exports[name], TEXT_ENCODER)).run(None, inputs)[0]
        for name in ("fp16", "fp32")
    )
    assert half.dtype == np.float32
    assert half == pytest.approx(full, abs=1e-6)
