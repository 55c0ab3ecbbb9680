"""The text encoder of a BF16 export on the CPU, beside plans of the others."""

import sys
from pathlib import Path

import numpy as np
import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.errors import ExportError
from export.tensorrt.cpu_engine import is_current, stage_cpu_engine
from export.verification.reference import REFERENCES
from ltx_triton.contract import LTX_VIDEO, TEXT_ENCODER
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.memory_use import CpuMemory
from ltx_triton.engines.openvino.session import OpenVinoSession
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder
from tests.export.engines import SIZES, draw

# Relative L2 error of prompt embeddings to PyTorch in FP32; PyTorch in BF16 is 0.016 off.
TOLERANCES = {CpuPrecision.FP32: 1e-4, CpuPrecision.BF16: 0.03}
precisions = pytest.mark.parametrize("precision", list(CpuPrecision))


def stage(repository: Path, folder: Path) -> None:
    folder.mkdir()
    config = PipelineConfig.load(version_folder(repository, LTX_VIDEO))
    source = version_folder(repository, TEXT_ENCODER)
    stage_cpu_engine(TEXT_ENCODER, config, source, folder.parent / "nothing", folder)


@precisions
def test_it_computes_what_pytorch_does_in_the_precision_of_the_processor(
    bf16_repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: CpuPrecision,
) -> None:
    monkeypatch.setenv("CPU_PRECISION", precision)
    stage(bf16_repository, tmp_path / "staged")

    session = OpenVinoSession(tmp_path / "staged" / "model.onnx", TEXT_ENCODER, precision)
    generator = np.random.default_rng(3)
    batches = [draw(TEXT_ENCODER, config, checkpoint, sizes, 8, generator) for sizes in SIZES]
    for batch, expected in zip(
        batches, REFERENCES[TEXT_ENCODER.name](checkpoint, config, batches), strict=True
    ):
        is_text = batch["attention_mask"] == 1
        error = (session.run(batch)["prompt_embeds"] - expected)[is_text]
        relative = np.linalg.norm(error) / np.linalg.norm(expected[is_text])
        assert relative < TOLERANCES[precision]
    assert CpuEngineInfo.load(tmp_path / "staged").precision is precision
    assert CpuMemory.load(tmp_path / "staged").resting_bytes > 10**7


def test_its_weights_take_no_room_on_the_disk_of_the_export(
    bf16_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPU_PRECISION", "bf16")
    stage(bf16_repository, tmp_path / "staged")

    config = PipelineConfig.load(version_folder(bf16_repository, LTX_VIDEO))
    source, staged = version_folder(bf16_repository, TEXT_ENCODER), tmp_path / "staged"
    assert is_current(config, source, staged)
    for name in ("model.onnx", "model.onnx.data"):
        assert (staged / name).samefile(source / name)
        (staged / name).rename(tmp_path / name)
        assert not is_current(config, source, staged), f"{name} is missing"
        (tmp_path / name).rename(staged / name)


def test_a_missing_package_is_named_with_what_installs_it(
    bf16_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPU_PRECISION", "fp32")
    monkeypatch.setitem(sys.modules, "onnx_ir", None)

    with pytest.raises(ExportError, match=r"onnx-ir, which .*: pip install onnx-ir$"):
        stage(bf16_repository, tmp_path / "staged")


def test_elsewhere_its_weights_are_copied(
    bf16_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setenv("CPU_PRECISION", "bf16")
    monkeypatch.setattr("os.link", refuse)
    stage(bf16_repository, tmp_path / "staged")

    for name in ("model.onnx", "model.onnx.data"):
        exported = version_folder(bf16_repository, TEXT_ENCODER) / name
        assert (tmp_path / "staged" / name).read_bytes() == exported.read_bytes()
