"""The device that the engines run on."""

import os
from dataclasses import dataclass
from pathlib import Path

from ltx_triton.contract import ENGINES
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.memory_use import DeviceKind
from ltx_triton.engines.remedies import BUILD_PLANS
from ltx_triton.engines.tensorrt.cuda import NoGpuError, find_gpu
from ltx_triton.repository.layout import PLAN_FILE, version_folder


@dataclass(frozen=True)
class Device:
    kind: DeviceKind
    name: str  # as the hardware reports it
    gpu_memory_bytes: int | None = None  # in all; None: on a CPU


def select_device(folder: Path) -> Device:
    """Return the device of one engine: what MODEL_DEVICE asks for.

    `auto` means the GPU if there are a GPU and a plan. `cuda` leaves on the CPU what the export has
    put there.

    Reads the environment instead of `Settings`: this runs in Triton's Python stubs, which inherit
    a value that `Settings` has already validated.

    Args:
        folder: version folder of an engine model.

    Raises:
        RuntimeError: MODEL_DEVICE is "cuda" but there is no GPU or no plan.
    """
    requested = os.environ.get("MODEL_DEVICE") or "auto"
    plan = folder / PLAN_FILE
    has_plan = plan.is_file()
    may_lack_plan = requested == "auto" or (folder / CpuEngineInfo.FILE).is_file()
    if requested == "cpu" or (may_lack_plan and not has_plan):
        return Device(kind="cpu", name=_cpu_name())
    try:
        gpu = find_gpu()
    except NoGpuError as error:
        if requested == "auto":
            return Device(kind="cpu", name=_cpu_name())
        raise RuntimeError(f"MODEL_DEVICE=cuda, but {error}; allowed here: auto, cpu") from error
    if not has_plan:
        raise RuntimeError(f"MODEL_DEVICE=cuda, but {plan} is missing: {BUILD_PLANS}")
    return Device(kind="cuda", name=gpu.name, gpu_memory_bytes=gpu.memory_bytes)


def select_devices(repository: Path) -> dict[Path, Device]:
    """Map the version folder of each engine to its device. Raises as `select_device` does."""
    folders = [version_folder(repository, model) for model in ENGINES]
    return {folder: select_device(folder) for folder in folders}


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "CPU"
