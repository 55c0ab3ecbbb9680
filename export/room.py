"""Say what a task takes before it starts, and stop if the machine has too little."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.errors import ExportError
from ltx_triton.engines.machine_memory import left_bytes
from ltx_triton.engines.tensorrt.cuda import Gpu


@dataclass(frozen=True)
class Disk:
    """Files that stay. What goes to the same disk is added up."""

    what: str
    bytes: float
    folder: Path  # may be missing still
    remedy: str | None = None  # what to do if there is less

    def __str__(self) -> str:
        return f"{size(self.bytes)} of disk for {self.what} in {self.folder}"


@dataclass(frozen=True)
class Memory:
    """The peak of one step. Steps follow one another, so nothing is added up."""

    what: str  # follows "to"
    bytes: float
    remedy: str | None = None  # what to do if there is less
    gpu: Gpu | None = None  # None: memory of the host

    def __str__(self) -> str:
        return f"{size(self.bytes)} of {self.kind} to {self.what}"

    @property
    def kind(self) -> str:
        return "memory" if self.gpu is None else f"memory on the {self.gpu.name}"

    @property
    def most_bytes(self) -> int:
        """What the host has left, or the GPU in all."""
        return left_bytes() if self.gpu is None else self.gpu.memory_bytes


Need = Disk | Memory


def require_room(needs: Sequence[Need], remarks: Sequence[str] = ()) -> None:
    """Print what is needed, and the remarks.

    Raises:
        ExportError: less is free; names all that is missing.
    """
    if not needs:
        return
    print("Needs about")
    for line in (*needs, *remarks):
        print(f"  {line}")
    missing = [
        *_missing_disk([need for need in needs if isinstance(need, Disk)]),
        *_missing_memory([need for need in needs if isinstance(need, Memory)]),
    ]
    if missing:
        raise ExportError("too little room: " + "; ".join(missing))


def size(count: float) -> str:
    """Return bytes in the unit that a reader expects."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _missing_disk(needs: Sequence[Disk]) -> Iterator[str]:
    disks: dict[int, list[Disk]] = {}
    for need in needs:
        disks.setdefault(_existing(need.folder).stat().st_dev, []).append(need)
    for together in disks.values():
        total = sum(need.bytes for need in together)
        free = shutil.disk_usage(_existing(together[0].folder)).free
        if total > free:
            folders = " and ".join(dict.fromkeys(str(need.folder) for need in together))
            found = f"{size(free)} free{_help(together)}"
            yield f"needs {size(total)} of disk in {folders}, has {found}"


def _missing_memory(needs: Sequence[Memory]) -> Iterator[str]:
    for need in needs:
        if need.bytes > need.most_bytes:
            found = size(need.most_bytes) + ("" if need.gpu else " free")
            yield f"needs {need}, has {found}{_help([need])}"


def _help(needs: Sequence[Need]) -> str:
    remedies = " or ".join(need.remedy for need in needs if need.remedy)
    return f" ({remedies})" if remedies else ""


def _existing(folder: Path) -> Path:
    absolute = folder.absolute()
    return next(path for path in (absolute, *absolute.parents) if path.exists())
