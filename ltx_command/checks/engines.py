"""The engines: GPU, TensorRT, the model repository, and the memory of a video."""

from contextlib import suppress
from pathlib import Path

import psutil

from ltx_command.checks.finding import Finding, Installation, gb, ok, problem, warning
from ltx_command.checks.ports import running_server
from ltx_triton.contract import ENGINES, LTX_VIDEO
from ltx_triton.engines.cpu_runtime import MissingRuntimeError, require_runtime
from ltx_triton.engines.device import select_device, select_devices
from ltx_triton.engines.machine_memory import runtime_warning
from ltx_triton.engines.tensorrt.cuda import Gpu, NoGpuError, find_gpu
from ltx_triton.engines.tensorrt.errors import TensorRtError
from ltx_triton.engines.tensorrt.library import LibraryName, load_tensorrt
from ltx_triton.engines.tensorrt.plan import (
    PlanInfo,
    PlanMismatchError,
    require_checkpoint,
)
from ltx_triton.json_file import JsonFileError
from ltx_triton.memory_budget import MemoryBudget, TooLargeError
from ltx_triton.model_info import ModelInfo
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.describe import describe_model
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE, PLAN_FILE, version_folder

_DRIVER = Path("/proc/driver/nvidia/version")
_MAKE = "run `ltx-video export`; in a clone, `make demo` puts the demo checkpoint there"
_NO_MODELS = "not checked without models"


def gpu(installation: Installation) -> Finding:
    wants_gpu = installation.settings.model_device == "cuda"
    try:
        found = find_gpu()
    except NoGpuError as error:
        if wants_gpu:
            return problem(f"MODEL_DEVICE=cuda, but {error}", "set MODEL_DEVICE=auto, or add a GPU")
        if _DRIVER.exists():
            return warning(f"an NVIDIA driver is there, but {error}", "see docs/gpu.md")
        return ok(f"engines run on the CPU: {error}")
    return ok(f"{_name(found)}, driver {_driver()}")


def _name(found: Gpu) -> str:
    capability = f"compute capability {found.compute_capability}"
    return f"{found.name}, {gb(found.memory_bytes)}, {capability}"


def _driver() -> str:
    with suppress(OSError):
        words = _DRIVER.read_text(encoding="utf-8").split()
        return next((word for word in words if word[:1].isdigit() and "." in word), "unknown")
    return "unknown"


def tensorrt(installation: Installation) -> Finding:
    """Needed where plans are to be run."""
    try:
        plans = {path: PlanInfo.load(path.parent) for path in _plans(installation.models)}
    except (FileNotFoundError, JsonFileError) as error:
        return problem(str(error), "build the plans again, or remove them")
    if not plans:
        return ok("not needed: there are no plans for a GPU")
    versions: dict[LibraryName, str] = {}
    try:
        device = find_gpu()  # first: without a GPU some versions of TensorRT crash the process
        for path, plan in plans.items():
            version = str(load_tensorrt(plan.library).trt.__version__)
            plan.require_machine(path, version, device)
            versions[plan.library] = version
    except NoGpuError as error:
        return warning(f"there are plans for a GPU, but {error}", "see docs/gpu.md")
    except (TensorRtError, PlanMismatchError) as error:
        return problem(str(error), "see docs/gpu.md")
    return ok(", ".join(f"{library} {version}" for library, version in versions.items()))


def _plans(repository: Path) -> list[Path]:
    """Return the plans that MODEL_DEVICE lets run."""
    paths = [version_folder(repository, model) / PLAN_FILE for model in ENGINES]
    with suppress(RuntimeError):
        on_cpu = {path for path in paths if select_device(path.parent).kind == "cpu"}
        return [path for path in paths if path.is_file() and path not in on_cpu]
    return [path for path in paths if path.is_file()]


def models(installation: Installation) -> Finding:
    repository = installation.models
    try:
        require_runtime()
        info = _describe(installation)
    except (FileNotFoundError, JsonFileError) as error:
        return problem(str(error), _MAKE)
    except MissingRuntimeError as error:
        return problem(str(error), "or set CPU_RUNTIME=openvino")
    except RuntimeError as error:  # of the device, or of a plan that is another checkpoint's
        return problem(str(error), "set MODEL_DEVICE=auto, or export again")
    for model in ENGINES:
        folder = version_folder(repository, model)
        for name in (ENGINE_FILE, DATA_FILE) if select_device(folder).kind == "cpu" else ():
            if not (folder / name).is_file():
                return problem(f"{folder / name} is missing", _MAKE)
    export = (info.export_sha256 or "unknown")[:12]
    return ok(
        f"{info.model_name} in {info.precision} on {info.device_name}, checkpoint "
        f"{info.checkpoint_sha256[:12]}, export {export}, from {repository}"
    )


def video_memory(installation: Installation) -> Finding:
    """Whether the video of a request with defaults fits."""
    try:
        info = _describe(installation)
    except (FileNotFoundError, RuntimeError):  # `models` tells
        return ok(_NO_MODELS)
    if info.memory is None:
        if problem_of_runtime := runtime_warning(select_devices(installation.models)):
            return warning(problem_of_runtime, "see CPU_RUNTIME in docs/configuration.md")
        return warning(
            "nobody has measured what videos take: none is refused, however large",
            "export again without --skip-verification",
        )
    budget, spec = _budget(installation), installation.settings.default_video
    try:
        budget.require(info, spec)
    except TooLargeError as error:
        return problem(f"the default video: {error}", "end other programs, or lower the defaults")
    needed = sum(budget.needed(info, [spec]).values())
    text = f"the default video takes {gb(needed)} with the engines, and fits"
    if info.memory.unloads_text_encoder:
        text += "; the text encoder is loaded anew for each prompt, and videos are made one by one"
    return ok(text)


def _budget(installation: Installation) -> MemoryBudget:
    settings = installation.settings
    return MemoryBudget(settings.memory_budget_gb, settings.api_workers)


def _describe(installation: Installation) -> ModelInfo:
    repository = installation.models
    config = PipelineConfig.load(version_folder(repository, LTX_VIDEO))
    require_checkpoint(repository, config)
    return describe_model(
        repository,
        config,
        running_server(installation) or psutil.Process(),
        _budget(installation),
        installation.settings.default_video,
    )
