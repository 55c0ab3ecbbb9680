"""The memory that this machine has for the engines and their videos."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

import psutil

from ltx_triton.engines.cpu_runtime import runtime_of, select_cpu_runtime
from ltx_triton.engines.device import Device
from ltx_triton.engines.memory_use import (
    CpuMemory,
    DeviceKind,
    DeviceMemory,
    EngineMemory,
    GpuMemory,
    MemoryUse,
)
from ltx_triton.repository.layout import MODEL_FILE

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  chosen by Triton, not a temporary file
_CGROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")
_FILES: Mapping[DeviceKind, type[EngineMemory]] = {"cpu": CpuMemory, "cuda": GpuMemory}


def read_memory_use(engines: Mapping[Path, Device], server: psutil.Process) -> MemoryUse | None:
    """Read what the exporter has measured; None if it has not, or in another runtime.

    Args:
        engines: version folder of each engine -> its device.
        server: Triton's process, the parent of the engines' processes.
    """
    measured: dict[Device, dict[str, EngineMemory]] = {}
    try:
        for folder, device in engines.items():
            memory = _FILES[device.kind].load(folder)
            if _is_of_another_runtime(memory, folder):
                return None
            measured.setdefault(device, {})[folder.parent.name] = memory
    except FileNotFoundError:
        return None
    devices = {
        device.kind: DeviceMemory(
            available_bytes=device.gpu_memory_bytes or available_to_cpu(engines, server),
            engines=memories,
        )
        for device, memories in measured.items()
    }
    return MemoryUse(shared_bytes=shared_memory_bytes(), devices=devices)


def runtime_warning(engines: Mapping[Path, Device]) -> str | None:
    """Say what follows if an engine on the CPU was measured in another runtime than it runs in.

    Args:
        engines: version folder of each engine -> its device.
    """
    for folder, device in engines.items():
        with suppress(FileNotFoundError):
            memory = _FILES[device.kind].load(folder)
            if isinstance(memory, CpuMemory) and _is_of_another_runtime(memory, folder):
                return (
                    f"the memory of the engines was measured in {memory.runtime}, and "
                    f"CPU_RUNTIME={select_cpu_runtime()}: no video is refused, however large, and "
                    f"the text encoder stays loaded; set CPU_RUNTIME={memory.runtime}, or export "
                    "again with the CPU_RUNTIME that is to serve"
                )
    return None


def _is_of_another_runtime(memory: EngineMemory, folder: Path) -> bool:
    return isinstance(memory, CpuMemory) and memory.runtime != runtime_of(folder.parent.name)


def shared_memory_bytes() -> int:
    """Return the bytes that are free in the machine's or container's shared memory."""
    return shutil.disk_usage(SHARED_MEMORY).free


def available_to_cpu(engines: Mapping[Path, Device], server: psutil.Process) -> int:
    """Return the bytes that the engines on the CPU and their server hold or can still get.

    Mapped files count as what they can still get: the kernel can drop them. Beside engines on a
    GPU, which hold memory of the host as well, only the processes of those on the CPU count.

    Args:
        engines: version folder of each engine -> its device.
        server: Triton's process, the parent of the engines' processes.
    """
    processes = [server, *server.children(recursive=True)]
    on_cpu = [folder for folder, device in engines.items() if device.kind == "cpu"]
    if len(on_cpu) < len(engines):
        processes = [process for process in processes if _runs_any(process, on_cpu)]
    return sum(_held_bytes(process.pid) for process in processes) + left_bytes()


def _runs_any(process: psutil.Process, folders: Sequence[Path]) -> bool:
    try:
        command = process.cmdline()
    except psutil.NoSuchProcess:
        return False
    models = tuple(f"/{folder.parent.name}/{folder.name}/{MODEL_FILE}" for folder in folders)
    return any(part.endswith(models) for part in command)


def _held_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return 0
    kilobytes = [line.split()[1] for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:"))]
    return 1024 * sum(map(int, kilobytes))


def left_bytes(cgroups: Path = _CGROUPS, membership: Path = _MEMBERSHIP) -> int:
    """Return the bytes that the machine, or a cgroup around this process, has left."""
    return min(psutil.virtual_memory().available, *_left_in_cgroups(cgroups, membership))


def _left_in_cgroups(cgroups: Path, membership: Path) -> Iterator[int]:
    """Yield for each limit above this process; at least one value, that limits nothing."""
    yield psutil.virtual_memory().total
    for line in membership.read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _left(cgroups, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _left(cgroups / "memory", path, *names)


def _left(root: Path, path: str, limit: str, usage: str, reclaimable: str) -> Iterator[int]:
    # In a container the path is the host's, and the container's cgroup is mounted as the root.
    inside = PurePosixPath(path.lstrip("/"))
    for folder in (root / inside, *(root / parent for parent in inside.parents)):
        try:
            most = (folder / limit).read_text(encoding="utf-8").strip()
            if most == "max":
                continue
            used = int((folder / usage).read_text(encoding="utf-8"))
            stat = (folder / "memory.stat").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            continue
        cached = dict(line.split() for line in stat)
        yield max(0, int(most) - used + int(cached.get(reclaimable, 0)))
