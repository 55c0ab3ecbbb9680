import os
import signal
from pathlib import Path

import pytest

from export.errors import ExportError
from export.memory import measure
from export.memory.measure import measure_memory
from ltx_triton.contract import LTX_VIDEO, TEXT_ENCODER, VAE_DECODER
from ltx_triton.engines.cpu_runtime import CpuRuntime
from ltx_triton.engines.memory_use import CpuMemory
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder

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
    demo_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    config = PipelineConfig.load(version_folder(demo_repository, LTX_VIDEO))

    measured = measure_memory(TEXT_ENCODER, config, version_folder(demo_repository, TEXT_ENCODER))

    assert measured.runtime is CpuRuntime.ONNXRUNTIME
    assert 10 * MB < measured.resting_bytes < 100 * MB


def test_an_engine_that_is_killed_ends_the_export_in_words(
    demo_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "measure_here", kill_itself)
    config = PipelineConfig.load(version_folder(demo_repository, LTX_VIDEO))

    with pytest.raises(ExportError, match="text_encoder ended while its memory was measured"):
        measure_memory(TEXT_ENCODER, config, demo_repository)


def kill_itself(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
