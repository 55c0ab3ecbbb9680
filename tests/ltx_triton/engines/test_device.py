from pathlib import Path

import pytest
from cuda.bindings import runtime

from ltx_triton.engines.device import select_device
from ltx_triton.repository.layout import PLAN_FILE
from tests.ltx_triton.engines.tensorrt.fake_gpu import FakeCuda

GPU_HERE = runtime.cudaGetDeviceCount()[0] == runtime.cudaError_t.cudaSuccess
no_gpu = pytest.mark.skipif(GPU_HERE, reason="shows what is said where there is no GPU")


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    """A version folder with a plan."""
    (tmp_path / PLAN_FILE).touch()
    return tmp_path


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltx_triton.engines.tensorrt.cuda.cudart", FakeCuda())


@pytest.mark.parametrize("wanted", ["auto", "cpu"])
def test_without_a_plan_it_is_the_cpu_named_by_the_machine(
    tmp_path: Path, gpu: None, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", wanted)
    device = select_device(tmp_path)

    assert device.kind == "cpu"
    assert device.name in Path("/proc/cpuinfo").read_text() or device.name == "CPU"


@no_gpu
def test_a_plan_alone_is_not_enough(planned: Path) -> None:
    assert select_device(planned).kind == "cpu"


@pytest.mark.parametrize("wanted", ["auto", "cuda"])
def test_a_plan_and_a_gpu_are(
    planned: Path, gpu: None, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", wanted)

    assert (select_device(planned).kind, select_device(planned).name) == (
        "cuda",
        "NVIDIA Stand-in",
    )


def test_the_cpu_can_be_asked_for(
    planned: Path, gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cpu")

    assert select_device(planned).kind == "cpu"


@no_gpu
def test_a_gpu_that_is_not_there_is_refused(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cuda")

    with pytest.raises(
        RuntimeError, match=r"MODEL_DEVICE=cuda, but no GPU was found: .*allowed here: auto, cpu"
    ):
        select_device(planned)


def test_a_gpu_without_a_plan_says_which_command_builds_one(
    tmp_path: Path, gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cuda")

    with pytest.raises(RuntimeError, match=r"model\.plan is missing: .*TARGET=tensorrt"):
        select_device(tmp_path)
