"""Which device the engines of this process run on."""

import os
from dataclasses import dataclass
from pathlib import Path

from ltx_triton.engines.tensorrt.cuda import NoGpuError, find_gpu
from ltx_triton.repository.layout import PLAN_FILE


@dataclass(frozen=True)
class Device:
    """Where engines run: `kind` is "cpu" or "cuda", `name` what the hardware calls itself."""

    kind: str
    name: str


def select_device(folder: Path) -> Device:
    """The device that MODEL_DEVICE asks for.

    The GPU where there is one and a plan for it, unless MODEL_DEVICE is "cpu".

    Read from the environment here, not through `Settings`: this runs in Triton's Python stubs,
    which the launcher starts with a value that `Settings` has already accepted.

    Args:
        folder: version folder of an engine model.

    Raises:
        RuntimeError: MODEL_DEVICE is "cuda", and there is no GPU or no plan.
    """
    wanted = os.environ.get("MODEL_DEVICE", "auto")
    plan = folder / PLAN_FILE
    if wanted == "cpu" or (wanted == "auto" and not plan.is_file()):
        return Device(kind="cpu", name=_cpu_name())
    try:
        gpu = find_gpu()
    except NoGpuError as error:
        if wanted == "auto":
            return Device(kind="cpu", name=_cpu_name())
        raise RuntimeError(f"MODEL_DEVICE=cuda, but {error}; allowed here: auto, cpu") from error
    if not plan.is_file():
        raise RuntimeError(
            f"MODEL_DEVICE=cuda, but {plan} is missing: run `make export TARGET=tensorrt`"
        )
    return Device(kind="cuda", name=gpu.name)


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "CPU"
