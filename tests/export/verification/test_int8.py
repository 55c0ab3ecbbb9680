import shutil
from pathlib import Path

import numpy as np
import onnx_ir
import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.errors import ExportError
from export.verification import pieces
from export.verification.int8 import verify_int8
from ltx_triton.contract import TEXT_ENCODER, TRANSFORMER, ModelContract
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE
from tests.export.engines import model_file


@pytest.fixture
def int8_config(int8_repository: Path) -> PipelineConfig:
    return PipelineConfig.load(int8_repository / "ltx_video" / "1")


@pytest.mark.parametrize(
    "contract", [TEXT_ENCODER, TRANSFORMER], ids=lambda contract: contract.name
)
def test_the_engine_passes_in_pieces_and_the_cost_is_told(
    int8_repository: Path,
    checkpoint: FolderCheckpoint,
    int8_config: PipelineConfig,
    contract: ModelContract,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 40_000)
    verify_int8(contract, checkpoint, int8_config, model_file(int8_repository, contract))
    compared, cost = capsys.readouterr().out.split("cost of INT8")
    assert compared.count("x") >= 2
    errors = [float(line.split()[-1]) for line in cost.splitlines()[1:]]
    assert len(errors) == 2
    assert all(1e-4 < error < 0.03 for error in errors)


@pytest.mark.parametrize("factor", [1.02, -1.0])
def test_wrong_scales_are_noticed(
    int8_repository: Path,
    checkpoint: FolderCheckpoint,
    int8_config: PipelineConfig,
    tmp_path: Path,
    factor: float,
) -> None:
    file = model_file(int8_repository, TRANSFORMER)
    shutil.copy(file.with_name(DATA_FILE), tmp_path)
    broken = Path(shutil.copy(file, tmp_path))
    model = onnx_ir.load(broken)
    name = "model.transformer_blocks.0.attn1.to_v.weight_scale"
    scale = model.graph.initializers[name]
    assert scale.const_value is not None
    scale.const_value = onnx_ir.tensor(scale.const_value.numpy() * np.float32(factor), name=name)
    onnx_ir.save(model, broken)
    with pytest.raises(ExportError, match="transformer differs from PyTorch at"):
        verify_int8(TRANSFORMER, checkpoint, int8_config, broken)
