import os
import signal
from pathlib import Path

import numpy as np
import pytest

from export.child_process import in_child
from export.errors import ExportError
from export.memory import measure
from export.memory.measure import measure_memory
from ltx_triton.contract import LTX_VIDEO, TEXT_ENCODER, TRANSFORMER, VAE_DECODER, ModelContract
from ltx_triton.engines.memory_use import CpuMemory
from ltx_triton.engines.open import open_session
from ltx_triton.engines.session import EngineSession
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE, version_folder
from tests.ltx_triton.engines.heavy import write_text_encoder

MB = 10**6


def test_the_shipped_figures_are_what_the_decoder_takes_here(demo_repository: Path) -> None:
    folder = version_folder(demo_repository, VAE_DECODER)
    config = PipelineConfig.load(version_folder(demo_repository, LTX_VIDEO))
    shipped = CpuMemory.load(folder)

    measured = measure_memory(VAE_DECODER, config, folder)

    assert measured.resting_bytes == pytest.approx(shipped.resting_bytes, rel=0.25)
    for here, there in zip(measured.sizes, shipped.sizes, strict=True):
        assert here.first_bytes == pytest.approx(there.first_bytes, rel=0.15, abs=20 * MB)
        assert here.further_bytes == pytest.approx(there.further_bytes, abs=50 * MB)


def test_an_engine_is_measured_in_the_runtime_that_is_to_serve_it(
    demo_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its weights count where they are held, not where the kernel can drop them."""
    write_text_encoder(tmp_path / ENGINE_FILE, megabytes=128)
    config = PipelineConfig.load(version_folder(demo_repository, LTX_VIDEO))
    for runtime, least, most in (("openvino", 128, 250), ("onnxruntime", 20, 100)):
        monkeypatch.setenv("CPU_RUNTIME", runtime)
        measured = measure_memory(TEXT_ENCODER, config, tmp_path)
        assert measured.runtime == runtime
        assert least * MB < measured.resting_bytes < most * MB


@pytest.mark.parametrize(
    ("runtime", "megabytes", "frames"),
    [("openvino", 1, 33), ("openvino", 2000, 8), ("onnxruntime", 2000, 33)],
)
def test_a_large_engine_makes_shorter_videos_where_memory_grows_in_proportion(
    runtime: str, megabytes: int, frames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / DATA_FILE).open("wb") as file:
        file.truncate(megabytes * MB)  # takes no disk
    monkeypatch.setenv("CPU_RUNTIME", runtime)
    assert measure._measured_frames(TRANSFORMER, tmp_path)[-1] == frames


def test_opening_the_text_encoder_counts(demo_repository: Path, tmp_path: Path) -> None:
    write_text_encoder(tmp_path / ENGINE_FILE, megabytes=8)
    config = PipelineConfig.load(version_folder(demo_repository, LTX_VIDEO))
    plain = measure_memory(TEXT_ENCODER, config, tmp_path)
    opened = in_child("crashed", measure_with_costly_opening, config, tmp_path)
    assert opened.resting_bytes < plain.resting_bytes + 50 * MB
    assert all(size.first_bytes < 100 * MB for size in plain.sizes)
    for size in opened.sizes:
        assert 200 * MB < size.first_bytes < 450 * MB


def measure_with_costly_opening(config: PipelineConfig, folder: Path) -> CpuMemory:
    def open_costly(folder: Path, contract: ModelContract) -> EngineSession:
        passing = np.ones(400 * MB, np.uint8)
        del passing
        return open_session(folder, contract)

    measure.__dict__["open_session"] = open_costly
    return measure.measure_here(TEXT_ENCODER, config, folder)


def test_an_engine_that_is_killed_ends_the_export_in_words(
    demo_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "measure_here", kill_itself)
    config = PipelineConfig.load(version_folder(demo_repository, LTX_VIDEO))

    with pytest.raises(ExportError, match="text_encoder ended while its memory was measured"):
        measure_memory(TEXT_ENCODER, config, demo_repository)


def kill_itself(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
