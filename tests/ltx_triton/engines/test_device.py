from pathlib import Path

import pytest
from cuda.bindings import runtime

from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.device import select_device
from ltx_triton.repository.layout import PLAN_FILE
from tests.ltx_triton.engines.tensorrt.fake_gpu import FakeCuda

GPU_HERE = runtime.cudaGetDeviceCount()[0] == runtime.cudaError_t.cudaSuccess
no_gpu = pytest.mark.skipif(GPU_HERE, reason="tests the error without a GPU")


@pytest.fixture
def folder_with_plan(tmp_path: Path) -> Path:
    """A version folder with a plan."""
    (tmp_path / PLAN_FILE).touch()
    return tmp_path


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltx_triton.engines.tensorrt.cuda.cudart", FakeCuda())


@pytest.mark.parametrize("requested", ["auto", "cpu"])
def test_without_a_plan_selects_the_cpu_under_its_own_name(
    tmp_path: Path, gpu: None, monkeypatch: pytest.MonkeyPatch, requested: str
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", requested)
    device = select_device(tmp_path)

    assert device.kind == "cpu"
    assert device.name in Path("/proc/cpuinfo").read_text() or device.name == "CPU"


@no_gpu
def test_a_plan_without_a_gpu_selects_the_cpu(folder_with_plan: Path) -> None:
    assert select_device(folder_with_plan).kind == "cpu"


@pytest.mark.parametrize("requested", ["auto", "cuda"])
def test_a_plan_and_a_gpu_select_the_gpu(
    folder_with_plan: Path, gpu: None, monkeypatch: pytest.MonkeyPatch, requested: str
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", requested)

    assert (select_device(folder_with_plan).kind, select_device(folder_with_plan).name) == (
        "cuda",
        "NVIDIA Stand-in",
    )


def test_model_device_cpu_selects_the_cpu_despite_a_gpu(
    folder_with_plan: Path, gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cpu")

    assert select_device(folder_with_plan).kind == "cpu"


@no_gpu
def test_model_device_cuda_without_a_gpu_is_refused(
    folder_with_plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cuda")

    with pytest.raises(
        RuntimeError, match=r"MODEL_DEVICE=cuda, but no GPU was found: .*allowed here: auto, cpu"
    ):
        select_device(folder_with_plan)


def test_model_device_cuda_leaves_on_the_cpu_what_the_export_has_put_there(
    tmp_path: Path, gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cuda")
    CpuEngineInfo(
        onnx_sha256="0" * 64, checkpoint_sha256="1" * 64, precision=CpuPrecision.BF16
    ).save(tmp_path)

    assert select_device(tmp_path).kind == "cpu"


def test_a_gpu_without_a_plan_says_which_command_builds_one(
    tmp_path: Path, gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cuda")

    with pytest.raises(
        RuntimeError, match=r"model\.plan is missing: .*TARGET=tensorrt` .*TARGET=tensorrt-rtx"
    ):
        select_device(tmp_path)
