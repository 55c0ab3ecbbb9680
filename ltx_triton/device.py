"""Which device the engines of this process run on."""

import os
from dataclasses import dataclass
from pathlib import Path

import onnxruntime


@dataclass(frozen=True)
class Device:
    """Where engines run: `kind` is "cpu" or "cuda", `name` what the hardware calls itself."""

    kind: str
    name: str


def select_device() -> Device:
    """The device that MODEL_DEVICE asks for: the CPU, until there are engines for a GPU.

    Read from the environment here, not through `Settings`: this runs in Triton's Python stubs,
    which the launcher starts with a value that `Settings` has already accepted.

    Raises:
        RuntimeError: MODEL_DEVICE asks for a GPU and no engine runtime here can use one.
    """
    wanted = os.environ.get("MODEL_DEVICE", "auto")
    if wanted == "cuda":
        providers = ", ".join(onnxruntime.get_available_providers())
        raise RuntimeError(
            "MODEL_DEVICE=cuda, but no engine runtime installed here can use a GPU "
            f"(ONNX Runtime has: {providers}); allowed: auto, cpu"
        )
    return Device(kind="cpu", name=_cpu_name())


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "CPU"
