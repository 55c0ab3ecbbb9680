import shutil
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx_ir
import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.errors import ExportError
from export.fp8.record import Record
from export.verification.fp8 import verify_fp8
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE


@pytest.fixture
def fp8_config(fp8_repository: Path) -> PipelineConfig:
    return PipelineConfig.load(fp8_repository / "ltx_video" / "1")


def with_scales(file: Path, folder: Path, ending: str, factor: float) -> Path:
    """A copy of the engine whose scales of one kind are wrong."""
    shutil.copy(file.with_name(DATA_FILE), folder)
    copy = Path(shutil.copy(file, folder))
    model = onnx_ir.load(copy)
    for name, value in model.graph.initializers.items():
        if name.endswith(ending) and value.const_value is not None:
            scale = value.const_value.numpy().astype(np.float32) * factor
            value.const_value = onnx_ir.tensor(scale.astype(ml_dtypes.bfloat16), name=name)
    onnx_ir.save(model, copy)
    return copy


def test_the_engine_passes(
    fp8_file: Path,
    record: Record,
    checkpoint: FolderCheckpoint,
    fp8_config: PipelineConfig,
    capsys: pytest.CaptureFixture[str],
) -> None:
    verify_fp8(checkpoint, fp8_config, record, fp8_file)
    assert capsys.readouterr().out.count(", at most ") == 2


@pytest.mark.parametrize(
    ("ending", "factor", "message"),
    [
        ("0.attn1.to_v.weight_scale", 1.02, "transformer differs from PyTorch at"),
        ("input_scale", 0.25, "transformer in FP8 is too far from PyTorch at"),
    ],
)
def test_wrong_scales_are_noticed(
    fp8_file: Path,
    record: Record,
    checkpoint: FolderCheckpoint,
    fp8_config: PipelineConfig,
    tmp_path: Path,
    ending: str,
    factor: float,
    message: str,
) -> None:
    broken = with_scales(fp8_file, tmp_path, ending, factor)
    with pytest.raises(ExportError, match=message):
        verify_fp8(checkpoint, fp8_config, record, broken)
