import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from ltx_command.checks import engines
from ltx_command.checks.finding import Finding, Installation, Level
from ltx_triton.contract import TEXT_ENCODER, TRANSFORMER
from ltx_triton.engines.memory_use import CpuMemory
from ltx_triton.repository.layout import DATA_FILE, PLAN_FILE, version_folder
from ltx_triton.settings import Settings
from tests.conftest import DEMO_ENGINES
from tests.ltx_triton.engines.tensorrt.fake_gpu import FakeCuda, fake_tensorrt
from tests.ltx_triton.engines.tensorrt.plans import write_plan
from tests.ltx_triton.engines.test_device import no_gpu


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltx_triton.engines.tensorrt.cuda.cudart", FakeCuda())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    shutil.copytree(DEMO_ENGINES, folder)
    return folder


def look(check: str, repository: Path, **settings: Any) -> Finding:
    found: Finding = getattr(engines, check)(Installation(Settings(**settings), repository))
    return found


def test_the_served_model_is_described(repository: Path) -> None:
    found = look("models", repository)
    assert found.level is Level.OK
    assert found.text.startswith("ltx-demo in ")
    assert str(repository) in found.text


def test_a_file_that_is_missing_is_named(repository: Path) -> None:
    weights = version_folder(repository, TRANSFORMER) / DATA_FILE
    weights.unlink()
    found = look("models", repository)
    assert found.level is Level.PROBLEM
    assert found.text == f"{weights} is missing"


def test_a_repository_without_models_is_a_problem_once(tmp_path: Path) -> None:
    assert look("models", tmp_path).level is Level.PROBLEM
    assert look("video_memory", tmp_path).level is Level.OK
    assert look("tensorrt", tmp_path).level is Level.OK


def test_a_runtime_that_is_missing_is_told_with_what_installs_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    assert look("models", repository).level is Level.OK
    monkeypatch.setattr("ltx_triton.engines.cpu_runtime.find_spec", lambda _: None)
    found = look("models", repository)
    assert found.level is Level.PROBLEM
    assert "pip install 'ltx-triton[onnxruntime]'" in found.text


def test_the_default_video_is_compared_with_the_memory(repository: Path) -> None:
    assert look("video_memory", repository).level is Level.OK
    found = look("video_memory", repository, memory_budget_gb=0.1)
    assert found.level is Level.PROBLEM
    assert "MEMORY_BUDGET_GB" in found.text


def test_engines_that_were_measured_in_another_runtime_are_told(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    found = look("video_memory", repository)
    assert found.level is Level.WARNING
    assert "measured in openvino, and CPU_RUNTIME=onnxruntime" in found.text


def test_a_text_encoder_that_takes_turns_is_told(
    repository: Path,
) -> None:
    assert "one by one" not in look("video_memory", repository).text
    folder = version_folder(repository, TEXT_ENCODER)
    measured = CpuMemory.load(folder)
    measured.model_copy(update={"resting_bytes": 600_000_000}).save(folder)
    found = look("video_memory", repository, memory_budget_gb=1.3)
    assert found.level is Level.OK
    assert "loaded anew for each prompt, and videos are made one by one" in found.text


@no_gpu
def test_a_plan_without_a_gpu_to_run_it_is_told(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cuda")
    write_plan(version_folder(repository, TRANSFORMER), TRANSFORMER)
    found = look("tensorrt", repository)
    assert found.level is Level.WARNING
    assert "plans for a GPU, but" in found.text


def test_a_plan_is_compared_with_gpu_and_library(
    repository: Path, gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = version_folder(repository, TRANSFORMER)
    (folder / PLAN_FILE).touch()
    assert look("tensorrt", repository).level is Level.PROBLEM  # it has no metadata
    write_plan(folder, TRANSFORMER)

    monkeypatch.setitem(sys.modules, "tensorrt", fake_tensorrt(None, "11.4.0"))
    assert look("tensorrt", repository).text == "tensorrt 11.4.0"

    monkeypatch.setitem(sys.modules, "tensorrt", fake_tensorrt(None, "10.13.0"))
    found = look("tensorrt", repository)
    assert found.level is Level.PROBLEM
    assert "was built by tensorrt 11.4.0" in found.text


def test_a_gpu_is_shown_with_its_memory(repository: Path, gpu: None) -> None:
    found = look("gpu", repository)
    assert found.level is Level.OK
    assert found.text.startswith("NVIDIA Stand-in, 25.8 GB, compute capability 9.0, driver ")


@no_gpu
def test_a_gpu_that_is_asked_for_must_be_there(repository: Path) -> None:
    assert look("gpu", repository).level is Level.OK
    assert look("gpu", repository, model_device="cuda").level is Level.PROBLEM
