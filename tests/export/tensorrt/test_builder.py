"""The order of a build on a stand-in for TensorRT: what is set, kept, refused and reported."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from export.errors import ExportError
from export.tensorrt.builder import Builder
from ltx_triton.contract import VAE_DECODER
from ltx_triton.engines.tensorrt.plan import PlanInfo
from ltx_triton.repository.layout import PLAN_FILE
from tests.ltx_triton.engines.tensorrt.test_plan import INFO


class ILogger:
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)


class FakeTensorRt:
    """The module `tensorrt`: writes down what is asked of it."""

    __version__ = "11.4.0"
    ILogger = ILogger
    IProgressMonitor = IStreamWriter = object
    BuilderFlag = SimpleNamespace(TF32="TF32", WEIGHT_STREAMING="WEIGHT_STREAMING")
    NetworkDefinitionCreationFlag = SimpleNamespace(STRONGLY_TYPED=1)
    MemoryPoolType = SimpleNamespace(WORKSPACE="WORKSPACE")
    ProfilingVerbosity = SimpleNamespace(DETAILED="DETAILED")

    def __init__(self) -> None:
        self.calls: dict[str, Any] = {}
        self.profiles: list[dict[str, Any]] = []
        self.parse_errors: list[str] = []
        self.tensors = ["latents", "noise"]
        self.plan: bytes | None = b"the plan"
        self.while_building: Any = dict  # called during the build
        self.has_device = True

    def Builder(self, logger: Any) -> Any:  # noqa: N802
        self.logger = logger
        if not self.has_device:
            logger.log(ILogger.ERROR, "CUDA is broken")
            raise TypeError("pybind11::init(): factory function returned nullptr")
        network = SimpleNamespace(
            num_inputs=len(self.tensors),
            num_outputs=1,
            get_input=lambda index: SimpleNamespace(name=self.tensors[index]),
            get_output=lambda _: SimpleNamespace(name="frames"),
        )
        return SimpleNamespace(
            create_network=lambda flags: self.calls.update(network_flags=flags) or network,
            create_builder_config=self._config,
            create_optimization_profile=self._profile,
            build_serialized_network_to_stream=self._build,
        )

    def _config(self) -> Any:
        self.config = SimpleNamespace(
            set_flag=lambda flag: self.calls.setdefault("set", []).append(flag),
            clear_flag=lambda flag: self.calls.setdefault("cleared", []).append(flag),
            set_memory_pool_limit=lambda pool, size: self.calls.update({pool: size}),
            add_optimization_profile=self._add_profile,
            create_timing_cache=lambda _: SimpleNamespace(serialize=lambda: b"timings"),
            set_timing_cache=lambda _, **__: True,
        )
        return self.config

    def _profile(self) -> Any:
        shapes: dict[str, Any] = {}
        return SimpleNamespace(
            shapes=shapes, set_shape=lambda name, *bounds: shapes.update({name: bounds})
        )

    def _add_profile(self, profile: Any) -> int:
        self.profiles.append(profile.shapes)
        return len(self.profiles) - 1

    def OnnxParser(self, *_: Any) -> Any:  # noqa: N802
        errors = [
            SimpleNamespace(node=lambda index=index: index, desc=lambda text=text: text)
            for index, text in enumerate(self.parse_errors)
        ]
        return SimpleNamespace(
            num_errors=len(errors),
            get_error=errors.__getitem__,
            parse_from_file=lambda file: self.calls.update(parsed=file) or not errors,
        )

    def _build(self, _network: Any, _config: Any, writer: Any) -> bool:
        self.logger.log(ILogger.VERBOSE, "a detail")
        self.while_building()
        if self.plan is None:
            self.logger.log(ILogger.ERROR, "no tactic was found")
            return False
        pieces = (self.plan[:4], self.plan[4:])
        return all(writer.write(piece) == len(piece) for piece in pieces)

    def Runtime(self, _: Any) -> Any:  # noqa: N802
        engine = SimpleNamespace(
            get_device_memory_size_for_profile_v2=lambda profile: 100 * (profile + 1),
            get_weight_streaming_automatic_budget=lambda: 5,
        )
        self.engine = engine
        return SimpleNamespace(
            deserialize_cuda_engine=lambda plan: engine if bytes(plan) == b"the plan" else None
        )


@pytest.fixture
def trt(monkeypatch: pytest.MonkeyPatch) -> FakeTensorRt:
    module = FakeTensorRt()
    monkeypatch.setitem(sys.modules, "tensorrt", module)
    return module


def build(folder: Path, info: PlanInfo = INFO, workspace: int | None = None) -> Any:
    builder = Builder(folder / "cache", folder, workspace)
    staged = folder / "staged"
    staged.mkdir(exist_ok=True)
    return builder.build(folder / "model.onnx", VAE_DECODER, info, staged)


def test_the_plan_what_is_known_of_it_timings_and_log_are_written(
    trt: FakeTensorRt, tmp_path: Path
) -> None:
    built = build(tmp_path)

    assert (tmp_path / "staged" / PLAN_FILE).read_bytes() == b"the plan"
    assert PlanInfo.load(tmp_path / "staged") == INFO
    assert (tmp_path / "cache").read_bytes() == b"timings"
    assert "DEBUG a detail" in (tmp_path / "vae_decoder.log").read_text()
    assert built.activation_bytes == 200, "that of the larger profile"


def test_the_network_is_strongly_typed_fp32_is_fp32_and_every_profile_is_there(
    trt: FakeTensorRt, tmp_path: Path
) -> None:
    build(tmp_path, workspace=2**30)

    assert trt.calls == {
        "network_flags": 2,
        "cleared": ["TF32"],
        "parsed": str(tmp_path / "model.onnx"),
        "WORKSPACE": 2**30,
    }
    assert trt.config.builder_optimization_level == INFO.optimization_level
    assert len(trt.profiles) == 2
    for shapes, profile in zip(trt.profiles, INFO.profiles, strict=True):
        for name, bounds in profile.inputs.items():
            assert shapes[name] == (bounds.minimum, bounds.optimum, bounds.maximum)


def test_streamed_weights_are_asked_for_and_given_a_budget(
    trt: FakeTensorRt, tmp_path: Path
) -> None:
    build(tmp_path, INFO.model_copy(update={"weight_streaming": True}))

    assert trt.calls["set"] == ["WEIGHT_STREAMING"]
    assert trt.engine.weight_streaming_budget_v2 == 5


def test_all_that_the_parser_dislikes_is_said_at_once(trt: FakeTensorRt, tmp_path: Path) -> None:
    trt.parse_errors = ["no such operator", "no such type"]

    with pytest.raises(ExportError) as refused:
        build(tmp_path)

    assert str(refused.value) == (
        f"TensorRT 11.4.0 does not take {tmp_path / 'model.onnx'}:\n"
        "  node 0: no such operator\n  node 1: no such type"
    )


def test_a_graph_with_other_tensors_is_refused(trt: FakeTensorRt, tmp_path: Path) -> None:
    trt.tensors = ["latents"]

    with pytest.raises(ExportError, match=r"has the tensors \['frames', 'latents'\], expected"):
        build(tmp_path)


def test_a_build_that_fails_says_why_and_where_the_log_is(
    trt: FakeTensorRt, tmp_path: Path
) -> None:
    trt.plan = None

    with pytest.raises(
        ExportError, match="vae_decoder: no plan could be built: no tactic"
    ) as failed:
        build(tmp_path)
    assert str(tmp_path / "vae_decoder.log") in str(failed.value)


def test_a_full_disk_ends_the_build_with_its_own_words(trt: FakeTensorRt, tmp_path: Path) -> None:
    (tmp_path / "staged").mkdir()
    (tmp_path / "staged" / PLAN_FILE).symlink_to("/dev/full")

    with pytest.raises(ExportError, match=r"vae_decoder: .*No space left on device"):
        build(tmp_path)


def test_a_plan_that_does_not_open_is_no_plan(trt: FakeTensorRt, tmp_path: Path) -> None:
    trt.plan = b"garbage"

    with pytest.raises(ExportError, match="the plan cannot be opened"):
        build(tmp_path)


def test_a_gpu_that_tensorrt_cannot_use_is_said_in_its_words(
    trt: FakeTensorRt, tmp_path: Path
) -> None:
    trt.has_device = False

    with pytest.raises(ExportError, match="no builder: CUDA is broken"):
        build(tmp_path)


def test_an_interrupted_build_ends_as_one(
    trt: FakeTensorRt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C reaches Python inside TensorRT's callback, which can only ask it to stop."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def building() -> None:
        monitor = trt.config.progress_monitor
        monitor.phase_start("Tactics", None, 3)
        assert monitor.step_complete("Tactics", 0)
        monkeypatch.setattr("tqdm.tqdm.update", interrupt)
        assert not monitor.step_complete("Tactics", 1)
        monitor.phase_finish("Tactics")
        trt.plan = None

    trt.while_building = building
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path)
