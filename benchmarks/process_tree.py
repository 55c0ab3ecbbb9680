"""CPU time and memory of processes with all their descendants."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil


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

    def pss_bytes(self) -> int:
        """Sum the proportional set sizes: a page that n processes share counts n-th in each."""
        return sum(_pss(process.pid) for process in self._processes())

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
            self.peak_bytes = max(self.peak_bytes, self._tree.pss_bytes())
            if self._ended.wait(self._interval):
                return


def _pss(pid: int) -> int:
    """Read it from the sums that the kernel keeps; 0 if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
