"""Plans of TensorRT-RTX on a fake GPU (fake_gpu.py): what differs from those of TensorRT."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ltx_triton.contract import VAE_DECODER
from ltx_triton.engines.open import open_session
from ltx_triton.engines.session import EngineSession
from ltx_triton.engines.tensorrt.errors import TensorRtError
from ltx_triton.engines.tensorrt.plan import PlanMismatchError
from ltx_triton.engines.tensorrt.tensorrt_rtx import KERNEL_FILE
from ltx_triton.repository.layout import PLAN_FILE
from tests.ltx_triton.engines.tensorrt.fake_gpu import (
    FakeCuda,
    FakeDiagnostics,
    FakeEngine,
    fake_tensorrt,
)
from tests.ltx_triton.engines.tensorrt.test_plan import RTX_INFO

FAKE_GPU_CAPABILITY = "9.0"  # of fake_gpu.py; no card of TensorRT-RTX, but it stands in for one


class Machine:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.cuda = FakeCuda()
        self._monkeypatch = monkeypatch
        monkeypatch.setattr("ltx_triton.engines.tensorrt.cuda.cudart", self.cuda)
        info = RTX_INFO.model_copy(update={"compute_capabilities": (FAKE_GPU_CAPABILITY,)})
        self.engine = FakeEngine(self.cuda, info)
        self.install()
        (folder / PLAN_FILE).write_bytes(b"a plan")
        info.save(folder)

    def install(self, invalid: int = 0) -> None:
        module = fake_tensorrt(self.engine, RTX_INFO.library_version, invalid)
        self._monkeypatch.setitem(sys.modules, "tensorrt_rtx_bindings", module)

    def open(self) -> EngineSession:
        return open_session(self.folder, VAE_DECODER)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def run(session: EngineSession, width: int) -> None:
    latents = np.ones((1, 1, 2, width, 128), np.float32)
    assert session.run({"latents": latents, "noise": latents})["frames"].min() == 2


def test_opening_compiles_the_kernels_of_the_first_profile_and_keeps_them(machine: Machine) -> None:
    machine.open()

    assert machine.engine.contexts == 1
    assert (machine.folder / KERNEL_FILE).read_bytes() == b"kernel,"


def test_a_new_shape_adds_its_kernels(machine: Machine) -> None:
    session = machine.open()

    for width in (1, 2, 2):
        run(session, width)

    assert (machine.folder / KERNEL_FILE).read_bytes() == b"kernel," * 3


def test_the_next_start_reads_the_kernels(machine: Machine) -> None:
    (machine.folder / KERNEL_FILE).write_bytes(b"kernel,kernel,")

    machine.open()

    assert (machine.folder / KERNEL_FILE).read_bytes() == b"kernel," * 3


def test_kernels_of_another_machine_are_replaced(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    (machine.folder / KERNEL_FILE).write_bytes(b"of another GPU")

    with caplog.at_level("WARNING"):
        machine.open()

    assert (machine.folder / KERNEL_FILE).read_bytes() == b"kernel,"
    assert "of another machine or version: compiling again" in caplog.text


def test_a_folder_that_cannot_be_written_costs_only_the_kernels(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    (machine.folder / KERNEL_FILE).mkdir()

    with caplog.at_level("WARNING"):
        run(machine.open(), 3)

    assert "the next start compiles kernels again" in caplog.text
    assert list(machine.folder.glob(f"{KERNEL_FILE}.*")) == []


def test_no_graphs_are_captured(machine: Machine) -> None:
    session = machine.open()

    for _ in range(3):
        run(session, 1)

    assert machine.cuda.captures == machine.cuda.launches == 0


def test_an_invalid_plan_is_refused_before_it_is_opened_with_all_reasons(machine: Machine) -> None:
    machine.install(FakeDiagnostics.UNSUPPORTED_CC | FakeDiagnostics.OLD_CUDA_DRIVER)

    with pytest.raises(
        TensorRtError, match=r"cannot run .*model\.plan: UNSUPPORTED_CC, OLD_CUDA_DRIVER"
    ):
        machine.open()


def test_a_data_centre_gpu_is_told_to_take_tensorrt(machine: Machine) -> None:
    RTX_INFO.save(machine.folder)

    with pytest.raises(PlanMismatchError, match=r"\(9\.0\)\. `make export TARGET=tensorrt` builds"):
        machine.open()


def test_a_missing_library_says_how_to_get_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt_rtx_bindings", None)

    with pytest.raises(TensorRtError, match=r"pip install 'ltx-triton\[tensorrt-rtx\]'"):
        machine.open()
