"""Describe the machine of a measurement."""

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

_PACKAGES = (
    *("diffusers", "fastapi", "nvidia-pytriton", "openvino"),
    *("torch", "tritonclient"),
)
_ROOT = Path(__file__).parent.parent
_PINS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Machine:
    processor: str
    cores: int  # available to this process
    memory_bytes: int
    system: str
    python: str
    packages: dict[str, str]  # name -> version
    commit: str  # of this repository; "+" if the work tree differs
    time: str  # UTC, ISO 8601

    @classmethod
    def here(cls) -> "Machine":
        return cls(
            processor=_processor(),
            cores=len(os.sched_getaffinity(0)),
            memory_bytes=psutil.virtual_memory().total,
            system=platform.platform(),
            python=platform.python_version(),
            packages={name: version(name) for name in _PACKAGES} | _peers(),
            commit=_commit(),
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _peers() -> dict[str, str]:
    """Return the versions of the peers, each from the pins of its environment."""
    files = {file.stem: file.read_text(encoding="utf-8") for file in _PINS.glob("*.txt")}
    return {
        name: line.removeprefix(f"{name}==")
        for name, pins in sorted(files.items())
        for line in pins.splitlines()
        if line.startswith(f"{name}==")
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit() -> str:
    described = _git("describe", "--always", "--abbrev=12").stdout.strip()
    if not described:
        return "unknown"
    # Results and documents of a run do not change the code.
    code = (".", ":!benchmarks/results", ":!docs")
    changed = _git("diff", "--quiet", "HEAD", "--", *code).returncode != 0
    return f"{described}+" if changed else described


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(_ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
