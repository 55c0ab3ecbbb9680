"""Tests the session's bookkeeping on a fake GPU (fake_gpu.py), not TensorRT."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ltx_triton.contract import TRANSFORMER, VAE_DECODER
from ltx_triton.engines.open import open_session
from ltx_triton.engines.tensorrt.cuda import CudaError
from ltx_triton.engines.tensorrt.errors import TensorRtError
from ltx_triton.engines.tensorrt.plan import PlanInfo, PlanMismatchError
from ltx_triton.engines.tensorrt.session import MAX_CACHED_SHAPES, TensorRtSession
from ltx_triton.repository.layout import PLAN_FILE
from tests.ltx_triton.engines.tensorrt.fake_gpu import FakeCuda, FakeEngine, fake_tensorrt
from tests.ltx_triton.engines.tensorrt.test_plan import INFO


class Machine:
    """A plan in a folder, and the fakes that open it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.cuda = FakeCuda()
        self.engine = FakeEngine(self.cuda, INFO)
        self._monkeypatch = monkeypatch
        monkeypatch.setattr("ltx_triton.engines.tensorrt.cuda.cudart", self.cuda)
        self.install(self.engine)
        (folder / PLAN_FILE).write_bytes(b"a plan")
        INFO.save(folder)

    def install(self, engine: FakeEngine | None, version: str = INFO.library_version) -> None:
        self._monkeypatch.setitem(sys.modules, "tensorrt", fake_tensorrt(engine, version))

    def open(self) -> TensorRtSession:
        return TensorRtSession(self.folder, VAE_DECODER)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def run(session: TensorRtSession, *shape: int, value: int = 1) -> None:
    """Run one batch of `shape` [B, F, H, W] and check every number of its result."""
    latents = np.random.default_rng(value).integers(0, 100, (*shape, 128)).astype(np.float32)
    noise = np.full_like(latents, value)

    frames = session.run({"latents": latents, "noise": noise})["frames"]

    assert frames.dtype == np.uint8
    assert np.array_equal(frames, (latents + noise)[..., :3].astype(np.uint8))


def test_captures_the_second_run_of_a_shape_and_replays_it_later(machine: Machine) -> None:
    session = machine.open()

    for value in (1, 2, 3, 4):
        run(session, 1, 2, 3, 4, value=value)

    assert (machine.cuda.captures, machine.cuda.launches) == (1, 3)
    assert machine.engine.contexts == 1


def test_each_captured_shape_has_a_context_of_its_own(machine: Machine) -> None:
    """Of graphs that share a context, one could replay the request of another."""
    session = machine.open()
    run(session, 2, 4, 16, 16)  # the largest: no buffer moves from here on

    for value, width in enumerate((1, 1, 2, 1, 2, 2, 1)):
        run(session, 1, 1, 2, width, value=value)

    assert machine.cuda.captures == 2
    assert machine.engine.contexts == 3


def test_captures_graphs_again_after_buffers_have_moved(machine: Machine) -> None:
    session = machine.open()
    for value in (1, 2, 3):
        run(session, 1, 1, 2, 2, value=value)
    for value in (1, 2):
        run(session, 1, 4, 16, 16, value=value)  # larger: the buffers move

    run(session, 1, 1, 2, 2, value=7)
    run(session, 1, 1, 2, 2, value=8)

    assert machine.cuda.captures == 3
    assert machine.engine.contexts == 3


def test_smaller_shapes_reuse_the_buffers(machine: Machine) -> None:
    session = machine.open()
    run(session, 2, 4, 16, 16)
    before = set(machine.cuda.on_device)

    run(session, 1, 1, 9, 9)
    run(session, 2, 4, 16, 16)

    assert machine.cuda.on_device == before
    assert machine.engine.contexts == 2


def test_each_shape_runs_in_the_closest_profile(machine: Machine) -> None:
    session = machine.open()

    run(session, 1, 4, 16, 16)
    run(session, 1, 4, 8, 8)

    assert machine.engine.profiles_used == [0, 1]


def test_results_are_copies(machine: Machine) -> None:
    session = machine.open()
    zeros = np.zeros((1, 1, 2, 2, 128), np.float32)
    first = session.run({"latents": zeros, "noise": zeros})["frames"]

    session.run({"latents": zeros + 9, "noise": zeros})

    assert not first.any()


def test_the_least_recently_used_shape_is_evicted(machine: Machine) -> None:
    session = machine.open()
    run(session, 1, 1, 1, 1)
    run(session, 2, 4, 16, 16)  # the largest: no buffer moves from here on
    for width in range(1, MAX_CACHED_SHAPES):
        run(session, 1, 1, 1, width)
    before = machine.engine.contexts
    run(session, 2, 4, 16, 16)  # used again
    assert machine.engine.contexts == before

    run(session, 1, 1, 2, 2)  # one more than fit
    run(session, 2, 4, 16, 16)
    assert machine.engine.contexts == before + 1
    run(session, 1, 1, 1, 1)  # evicted

    assert machine.engine.contexts == before + 2


def test_executions_that_cannot_be_captured_run_without_a_graph(machine: Machine) -> None:
    machine.cuda.fails_to_capture = True
    session = machine.open()

    for value in (1, 2, 3):
        run(session, 1, 2, 3, 4, value=value)

    assert machine.cuda.launches == 0


def test_nothing_is_captured_while_weights_stream(machine: Machine) -> None:
    INFO.model_copy(update={"weight_streaming": True}).save(machine.folder)
    session = machine.open()

    for value in (1, 2, 3):
        run(session, 1, 2, 3, 4, value=value)

    assert machine.cuda.captures == machine.cuda.launches == 0


def test_a_smaller_batch_still_runs_after_memory_ran_out(machine: Machine) -> None:
    session = machine.open()
    run(session, 1, 1, 2, 2)
    machine.cuda.device_bytes = 200_000

    with pytest.raises(CudaError, match=r"allocating \d+ bytes on the GPU: .*out of memory"):
        run(session, 2, 4, 16, 16)

    run(session, 1, 1, 2, 2)


def test_reports_the_memory_of_plan_activations_and_tensors(machine: Machine) -> None:
    session = machine.open()
    plan = (machine.folder / PLAN_FILE).stat().st_size
    assert session.memory_bytes() == plan

    run(session, 1, 1, 1, 1)

    assert session.memory_bytes() == plan + 2000 + 128 * 4 * 2 + 3


def test_shapes_outside_the_profiles_are_refused(machine: Machine) -> None:
    with pytest.raises(ValueError, match="no profile of the plan takes latents"):
        run(machine.open(), 1, 5, 1, 1)


def test_a_batch_larger_than_the_profile_takes_runs_in_parts(machine: Machine) -> None:
    session = machine.open()

    run(session, 5, 4, 16, 16)

    assert machine.engine.profiles_used == [0, 0]
    assert machine.engine.contexts == 2, "two videos at a time, then one"


def test_arrays_of_the_wrong_type_are_refused(machine: Machine) -> None:
    wrong = np.zeros((1, 1, 1, 1, 128))

    with pytest.raises(TypeError, match="float64"):
        machine.open().run({"latents": wrong, "noise": wrong})


def test_a_plan_of_another_machine_is_refused_before_it_is_opened(machine: Machine) -> None:
    machine.install(None, version="10.16.1")  # opening it would fail with "garbage"

    with pytest.raises(PlanMismatchError, match=r"built by tensorrt 11\.4\.0 .* tensorrt 10\.16"):
        machine.open()


def test_a_plan_that_tensorrt_cannot_open_is_refused_with_its_error(machine: Machine) -> None:
    machine.install(None)

    with pytest.raises(TensorRtError, match="cannot be opened: the plan is garbage"):
        machine.open()


def test_a_plan_with_other_tensors_is_refused(machine: Machine) -> None:
    with pytest.raises(PlanMismatchError, match=r"has the tensors .*frames.*not .*sigma"):
        TensorRtSession(machine.folder, TRANSFORMER)


def test_a_plan_and_a_gpu_open_a_tensorrt_session(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(open_session(machine.folder, VAE_DECODER), TensorRtSession)

    monkeypatch.setenv("MODEL_DEVICE", "cpu")
    with pytest.raises(FileNotFoundError, match=r"model\.onnx is missing"):
        open_session(machine.folder, VAE_DECODER)


def test_a_gpu_and_a_plan_but_no_tensorrt_is_an_error(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)

    with pytest.raises(TensorRtError, match="tensorrt cannot be imported"):
        open_session(machine.folder, VAE_DECODER)


def test_weight_streaming_needs_tensorrt_10(machine: Machine) -> None:
    info: PlanInfo = INFO.model_copy(update={"weight_streaming": True, "library_version": "8.6.1"})
    info.save(machine.folder)
    machine.install(machine.engine, version="8.6.1")

    with pytest.raises(TensorRtError, match="needs TensorRT 10 or later"):
        machine.open()


def test_growing_frees_the_old_buffers_first(machine: Machine) -> None:
    session = machine.open()
    run(session, 1, 4, 8, 8)  # 265 KB of tensors and activations
    machine.cuda.device_bytes = 330_000

    run(session, 1, 4, 9, 8)  # 298 KB
