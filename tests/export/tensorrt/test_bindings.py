"""Our code against the real bindings of TensorRT 8.6, 10 and 11 and of TensorRT-RTX."""

import ast
from pathlib import Path
from typing import Any

import pytest

import export.tensorrt
import ltx_triton.engines.tensorrt
from tests.export.tensorrt.api_use import uses, uses_in
from tests.export.tensorrt.bindings import PACKAGES, RTX, Bindings, install

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EXPORT = Path(export.tensorrt.__file__).parent
SERVING = Path(ltx_triton.engines.tensorrt.__file__).parent

ALL = (8, 10, 11, RTX)
SERVING_OBJECTS = {
    "config": "IBuilderConfig",
    "engine": "ICudaEngine",
    "_engine": "ICudaEngine",
    "context": "IExecutionContext",
    "runtime": "Runtime",
    "runtime_config": "IRuntimeConfig",
    "cache": "IRuntimeCache",
    "_cache": "IRuntimeCache",
}
# File -> the versions that run it, and what the variables in it are.
FILES: dict[Path, tuple[tuple[int, ...], dict[str, str]]] = {
    EXPORT / "builder.py": (
        ALL,
        {
            "builder": "Builder",
            "config": "IBuilderConfig",
            "network": "INetworkDefinition",
            "profile": "IOptimizationProfile",
            "runtime": "Runtime",
            "engine": "ICudaEngine",
        },
    ),
    EXPORT / "network.py": (
        ALL,
        {
            "builder": "Builder",
            "network": "INetworkDefinition",
            "parser": "OnnxParser",
            "error": "ParserError",
        },
    ),
    EXPORT / "timing_cache.py": (ALL, {"config": "IBuilderConfig", "cache": "ITimingCache"}),
    EXPORT / "progress.py": ((10, 11, RTX), {"config": "IBuilderConfig"}),
    EXPORT / "plan_writer.py": ((10, 11, RTX), {"builder": "Builder"}),
    EXPORT / "layer_types.py": (
        (8,),
        {
            "config": "IBuilderConfig",
            "network": "INetworkDefinition",
            "layer": "ILayer",
            "output": "ITensor",
            "tensor": "ITensor",
        },
    ),
    SERVING / "library.py": (ALL, {"runtime": "Runtime"}),
    SERVING / "logger.py": (ALL, {}),
    SERVING / "tensorrt_8.py": ((8,), SERVING_OBJECTS),
    SERVING / "tensorrt_10.py": ((10, 11, RTX), SERVING_OBJECTS),
    SERVING / "tensorrt_rtx.py": ((RTX,), SERVING_OBJECTS),
    SERVING / "session.py": (
        ALL,
        {
            "engine": "ICudaEngine",
            "_engine": "ICudaEngine",
            "context": "IExecutionContext",
            "_runtime": "Runtime",
        },
    ),
}
# What a layer has besides, once it has been given the class of its kind.
KINDS = {"ILayer.weights": "IConstantLayer.weights", "ILayer.to_type": "ICastLayer.to_type"}


@pytest.fixture(scope="module", params=[*PACKAGES, RTX], ids=lambda version: f"TensorRT {version}")
def bindings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bindings:
    return install(request.param, tmp_path_factory.mktemp("tensorrt"))


def used_by(version: int) -> dict[str, str]:
    """What the code that `version` runs uses -> where."""
    found = {}
    for file, (versions, objects) in FILES.items():
        for use in uses(file, objects):
            if version in versions:
                found[KINDS.get(use.path, use.path)] = f"{file.name}:{use.line}"
    return found


def missing(bindings: Bindings, paths: list[str]) -> list[str]:
    program = f"""
import json, tensorrt
def has(path):
    thing = tensorrt
    for name in path.split("."):
        if not hasattr(thing, name):
            return False
        thing = getattr(thing, name)
    return True
print(json.dumps([path for path in {paths!r} if not has(path)]))
"""
    found: list[str] = bindings.run(program)
    return found


def test_everything_that_the_code_uses_exists(bindings: Bindings) -> None:
    used = used_by(bindings.version)
    assert len(used) > 40, "the uses were not found"

    assert [f"{path} ({used[path]})" for path in missing(bindings, list(used))] == []


def test_what_does_not_exist_would_be_noticed(bindings: Bindings) -> None:
    code = ast.parse("engine.no_such()\ntrt.BuilderFlag.NO_SUCH\nself._engine.num_layers")
    found = list(uses_in(code, {"engine": "ICudaEngine", "_engine": "ICudaEngine"}))
    assert [use.path for use in found] == [
        "ICudaEngine.no_such",
        "BuilderFlag.NO_SUCH",
        "ICudaEngine.num_layers",
    ]

    assert missing(bindings, [use.path for use in found]) == [
        "ICudaEngine.no_such",
        "BuilderFlag.NO_SUCH",
    ]


def test_the_version_is_recognised(bindings: Bindings) -> None:
    found = bindings.run_with_library("""
print(json.dumps([type(library).__name__, library.strongly_typed, library.network_flags()]))
""")

    names = {8: "TensorRt8", 10: "TensorRt10", 11: "TensorRt10", RTX: "TensorRtRtx"}
    assert found[0] == names[bindings.version]
    assert found[1] == (bindings.version != 8)
    assert found[2] > 0


def test_the_logger_is_one_that_tensorrt_takes(bindings: Bindings) -> None:
    written, first, second, out_of_memory = bindings.run_with_library("""
from ltx_triton.engines.tensorrt.logger import make_logger
lines = []
logger = make_logger(library, lines.append)
assert isinstance(logger, library.trt.ILogger)
logger.log(library.trt.ILogger.VERBOSE, "a detail")
logger.log(library.trt.ILogger.ERROR, "a fault")
first, second = logger.take_errors(), logger.take_errors()
logger.log(library.trt.ILogger.INTERNAL_ERROR, "[E] OutOfMemory (no further information)")
print(json.dumps([lines, first, second, logger.take_errors()]))
""")

    assert written[:2] == ["DEBUG a detail\n", "ERROR a fault\n"]
    assert (first, second) == ("a fault", "TensorRT gave no reason")
    assert out_of_memory.startswith("out of memory: ")


def test_the_progress_monitor_is_one_that_tensorrt_takes(bindings: Bindings) -> None:
    if bindings.version == 8:
        pytest.skip("TensorRT 8.6 does not tell its progress")
    answers: list[Any] = bindings.run_with_library("""
from export.tensorrt.progress import progress_monitor
monitor = progress_monitor(library)
assert isinstance(monitor, library.trt.IProgressMonitor)
monitor.phase_start("Building", None, 2)
monitor.phase_start("Tactics", "Building", 3)
answers = [monitor.step_complete("Tactics", 0), monitor.step_complete("Building", 0)]
monitor.phase_finish("Tactics")
monitor.phase_finish("Building")
answers += [monitor.step_complete("Gone", 0), monitor.interrupted]
print(json.dumps(answers))
""")

    assert answers == [True, True, True, False]
