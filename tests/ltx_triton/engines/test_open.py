import shutil
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from ltx_triton.contract import ENGINES, TEXT_ENCODER, TRANSFORMER, VAE_DECODER
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.cpu_runtime import MissingRuntimeError
from ltx_triton.engines.open import open_session
from ltx_triton.repository.layout import version_folder


def test_runs_an_exported_engine_by_the_names_of_its_contract(repository: Path) -> None:
    session = open_session(repository / "vae_decoder" / "1", VAE_DECODER)
    latents = np.zeros((1, 2, 3, 2, 128), np.float32)

    outputs = session.run({"latents": latents, "noise": latents})

    assert list(outputs) == ["frames"]
    assert outputs["frames"].shape == (1, 9, 96, 64, 3)
    assert outputs["frames"].dtype == np.uint8


def test_a_missing_engine_says_which_command_writes_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model\.onnx is missing: run `make export`"):
        open_session(tmp_path, TRANSFORMER)


@pytest.mark.parametrize(
    ("made_for", "here", "fits"),
    [("bf16", "fp32", False), ("fp32", "bf16", True), ("bf16", "bf16", True)],
)
def test_an_engine_beside_plans_is_refused_where_it_takes_more_than_was_measured(
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made_for: str,
    here: str,
    fits: bool,
) -> None:
    folder = version_folder(tmp_path, TEXT_ENCODER)
    shutil.copytree(version_folder(repository, TEXT_ENCODER), folder)
    CpuEngineInfo(
        onnx_sha256="0" * 64, checkpoint_sha256="1" * 64, precision=CpuPrecision(made_for)
    ).save(folder)
    monkeypatch.setenv("CPU_PRECISION", here)

    expected = (
        nullcontext() if fits else pytest.raises(RuntimeError, match=r"TEXT_ENCODER_DEVICE=cpu`")
    )
    with expected:
        open_session(folder, TEXT_ENCODER)


def test_cpu_runtime_chooses_for_all_but_the_decoder(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    opened = [open_session(version_folder(repository, model), model) for model in ENGINES]

    assert [type(session).__name__ for session in opened] == [
        *("OnnxRuntimeSession", "OnnxRuntimeSession", "OpenVinoDecoder"),
    ]


def test_a_runtime_that_is_missing_says_what_installs_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    monkeypatch.setattr("ltx_triton.engines.cpu_runtime.find_spec", lambda _: None)

    with pytest.raises(MissingRuntimeError, match=r"pip install 'ltx-triton\[onnxruntime\]'"):
        open_session(version_folder(repository, TRANSFORMER), TRANSFORMER)


def test_reports_the_memory_of_the_process(repository: Path) -> None:
    session = open_session(repository / "vae_decoder" / "1", VAE_DECODER)

    assert session.memory_bytes() > 50 * 2**20
