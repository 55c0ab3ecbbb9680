"""This machine: Python, glibc, memory, disks."""

import os
import platform
import re
import shutil
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import psutil

from frontend.jobs.storage import RESERVE_BYTES
from ltx_command.checks.finding import Finding, Installation, existing, gb, ok, problem, warning
from ltx_triton.engines.machine_memory import SHARED_MEMORY, left_bytes, shared_memory_bytes
from ltx_triton.launcher.local_triton import LEAST_SHARED_BYTES
from ltx_triton.repository.layout import DEMO_ENGINES
from ltx_triton.repository.prepare import is_prepared

PYTHONS = ((3, 11), (3, 12))

_COMFORTABLE_BYTES = 2e9  # for the demo checkpoint's videos: docs/sizing.md
_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)")


def python(_: Installation) -> Finding:
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info[:2] in PYTHONS:
        return ok(found)
    allowed = " or ".join(f"{major}.{minor}" for major, minor in PYTHONS)
    return problem(found, f"install into a Python {allowed}")


def glibc(_: Installation) -> Finding:
    """The wheel of the Triton server says which one it needs."""
    name, found = platform.libc_ver()
    if name != "glibc":
        return problem("this system has another C library", "use a distribution with glibc")
    needed = None
    with suppress(PackageNotFoundError):
        tags = distribution("nvidia-pytriton").read_text("WHEEL") or ""
        needed = _MANYLINUX.search(tags)
    if needed and _version(found) < (int(needed[1]), int(needed[2])):
        return problem(
            f"{found}, and Triton needs {needed[1]}.{needed[2]}",
            "use a newer distribution, or a container",
        )
    return ok(found)


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")[:2]))


def memory(_: Installation) -> Finding:
    left, total = left_bytes(), psutil.virtual_memory().total
    found = f"{gb(left)} free of {gb(total)}"
    if left >= _COMFORTABLE_BYTES:
        return ok(found)
    return warning(found, "end other programs: large videos will be refused")


def shared_memory(_: Installation) -> Finding:
    free = shared_memory_bytes()
    found = f"{free / 1e6:.0f} MB free in {SHARED_MEMORY}"
    remedy = "give a container more with --shm-size, or remove other programs' files there"
    if free < LEAST_SHARED_BYTES:
        return problem(found, remedy)
    if free < 4 * LEAST_SHARED_BYTES:
        return warning(f"{found}: large videos will be refused", remedy)
    return ok(found)


def output_folder(installation: Installation) -> Finding:
    folder = installation.settings.output_dir
    nearest = existing(folder)
    free = shutil.disk_usage(nearest).free
    found = f"{gb(free)} free for OUTPUT_DIR={folder}"
    if not _is_writable(nearest):
        return problem(f"OUTPUT_DIR={folder} is not writable", "set OUTPUT_DIR to another folder")
    if free < RESERVE_BYTES:
        return problem(found, f"make room: the service needs {RESERVE_BYTES / 1e6:.0f} MB")
    return ok(found)


def repository_disk(installation: Installation) -> Finding:
    repository = installation.repository
    nearest = existing(repository)
    free = shutil.disk_usage(nearest).free
    found = f"{gb(free)} free for models in {repository}"
    if is_prepared(repository):
        return ok(found)
    if not _is_writable(nearest):
        return problem(
            f"{repository} is not writable, and the next start has to write there",
            "start once as a user who may, or set XDG_DATA_HOME to another folder",
        )
    if installation.models == DEMO_ENGINES and free < (needed := _size(DEMO_ENGINES)):
        return problem(found, f"make room: the demo checkpoint takes {gb(needed)}")
    return ok(found)


def _is_writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
