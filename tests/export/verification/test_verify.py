import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir
import pytest
import torch
from numpy.typing import NDArray

from benchmarks.memory import watch
from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.open import open_checkpoint
from export.checkpoint.weights import fp32_weight_bytes
from export.errors import ExportError
from export.graphs import transformer
from export.onnx.write import write_engine
from export.options import ExportOptions
from export.precision import Precision
from export.random.checkpoint import write_random_checkpoint
from export.sampling import pipeline_config
from export.verification import pieces
from export.verification.verify import Difference, difference, relative_l2, verify
from ltx_triton.contract import ENGINES, TRANSFORMER, ModelContract
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE
from tests.export.engines import model_file


@pytest.mark.parametrize("contract", ENGINES, ids=lambda contract: contract.name)
def test_a_corrupted_weight_is_noticed(
    contract: ModelContract,
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    tmp_path: Path,
) -> None:
    source = model_file(repository, contract)
    for file in (source, source.with_name(DATA_FILE)):
        shutil.copy(file, tmp_path)
    verify(contract, checkpoint, config, tmp_path / source.name)
    weights = np.fromfile(tmp_path / DATA_FILE, np.float32)
    weights[len(weights) // 2 :] += 1  # a smaller part may be embeddings that go unused
    weights.tofile(tmp_path / DATA_FILE)
    with pytest.raises(
        ExportError, match=rf"^{contract.name} differs from PyTorch at .* expected$"
    ):
        verify(contract, checkpoint, config, tmp_path / source.name)


@pytest.fixture
def copied(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The transformer, of which a few weights at a time are looked at."""
    monkeypatch.setattr(pieces, "PIECE_BYTES", 100_000)
    source = model_file(repository, TRANSFORMER)
    shutil.copy(source.with_name(DATA_FILE), tmp_path)
    return Path(shutil.copy(source, tmp_path))


def stored(file: Path, name: str) -> NDArray[np.float32]:
    """A weight in the file; what is written into it goes there."""
    weight = onnx_ir.load(file).graph.initializers[name].const_value
    assert isinstance(weight, onnx_ir.ExternalTensor)
    assert weight.dtype is onnx_ir.DataType.FLOAT
    data = file.with_name(DATA_FILE)
    return np.memmap(data, np.float32, "r+", weight.offset or 0, weight.shape.numpy())


def one_value(weight: NDArray[np.float32]) -> None:
    weight[3, 5] += 0.5


def transposed(weight: NDArray[np.float32]) -> None:
    weight[:] = weight.T.copy()


@pytest.mark.parametrize("fault", [one_value, transposed])
@pytest.mark.parametrize("layer", ["attn1.to_v", "attn2.to_k"])
def test_a_fault_in_one_weight_of_the_last_block_is_noticed(
    fault: Callable[[NDArray[np.float32]], None],
    layer: str,
    copied: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
) -> None:
    verify(TRANSFORMER, checkpoint, config, copied)
    fault(stored(copied, f"model.transformer_blocks.1.{layer}.weight"))
    with pytest.raises(ExportError, match="transformer differs from PyTorch at "):
        verify(TRANSFORMER, checkpoint, config, copied)


@pytest.mark.alone
def test_a_component_need_not_fit_into_memory(tmp_path: Path) -> None:
    """Four layers of width 2048, which take 1.1 GB in FP32, are compared in half of that."""
    write_random_checkpoint(
        tmp_path / "checkpoint",
        transformer={
            "num_layers": 4,
            "num_attention_heads": 16,
            "attention_head_dim": 128,
            "cross_attention_dim": 2048,
        },
        dtype=torch.bfloat16,
    )
    checkpoint = open_checkpoint(str(tmp_path / "checkpoint"), None)
    write_engine(transformer.build(checkpoint, Precision.BF16), checkpoint, tmp_path)

    usage = watch(verify_transformer, checkpoint, tmp_path)

    added = usage.peak_resident_bytes - usage.idle_resident_bytes
    assert added < fp32_weight_bytes(checkpoint.weights("transformer").values()) / 2


def verify_transformer(checkpoint: Checkpoint, folder: Path) -> None:
    options = ExportOptions(model=checkpoint.name, output=folder, precision=Precision.BF16)
    config = pipeline_config(checkpoint, options)
    verify(TRANSFORMER, checkpoint, config, folder / ENGINE_FILE)


def test_difference_is_relative_to_the_largest_value() -> None:
    actual, expected = np.array([1.0, 2.5], np.float32), np.array([1.0, 2.0], np.float32)
    assert difference(actual, expected) == Difference((2,), 0.5, 0.25)


def test_pixels_are_compared_without_wrapping_around() -> None:
    assert difference(np.array([0], np.uint8), np.array([255], np.uint8)).absolute == 255


def test_arrays_of_different_shapes_are_not_compared() -> None:
    with pytest.raises(ExportError, match=r"shape \(1,\), expected \(2,\)"):
        difference(np.zeros(1), np.zeros(2))


def test_relative_l2() -> None:
    assert relative_l2(np.array([3.0, 5.0]), np.array([3.0, 4.0])) == pytest.approx(0.2)
