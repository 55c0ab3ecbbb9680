"""CPU time and memory of processes with all their descendants."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil


@dataclass(frozen=True)
class Pss:
    """Proportional set size: a page that n processes share counts n-th in each."""

    held_bytes: int  # without a file: only swapping frees it
    mapped_bytes: int  # of files: the kernel drops and reads them as it needs

    @property
    def bytes(self) -> int:
        return self.held_bytes + self.mapped_bytes


class ProcessTree:
    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = [psutil.Process(pid) for pid in roots]

    def cpu_seconds(self) -> float:
        """Return user and system time, reaped descendants included."""
        total = 0.0
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total

    def pss(self) -> Pss:
        sizes = [_pss(process.pid) for process in self._processes()]
        return Pss(sum(size.held_bytes for size in sizes), sum(size.mapped_bytes for size in sizes))

    def pss_bytes(self) -> int:
        return self.pss().bytes

    def _processes(self) -> Iterator[psutil.Process]:
        for root in self._roots:
            with suppress(psutil.NoSuchProcess):
                yield root
                yield from root.children(recursive=True)


class PeakMemory:
    """Samples the memory of a tree in a thread while the context is open."""

    def __init__(self, tree: ProcessTree, interval: float) -> None:
        self._tree = tree
        self._interval = interval  # seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory")
        self.peak_bytes = 0
        self.peak_held_bytes = 0
        self.peak_mapped_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            pss = self._tree.pss()
            self.peak_bytes = max(self.peak_bytes, pss.bytes)
            self.peak_held_bytes = max(self.peak_held_bytes, pss.held_bytes)
            self.peak_mapped_bytes = max(self.peak_mapped_bytes, pss.mapped_bytes)
            if self._ended.wait(self._interval):
                return


def _pss(pid: int) -> Pss:
    """Read it from the sums that the kernel keeps; 0 if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return Pss(0, 0)
    sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in _fields(lines)}
    return Pss(sizes["Pss"] - sizes["Pss_File"], sizes["Pss_File"])


def _fields(lines: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    return (line.partition(":") for line in lines if line.startswith("Pss"))
