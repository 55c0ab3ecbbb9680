"""Measure seconds and memory of work in its own process."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Usage:
    seconds: float
    peak_resident_bytes: int  # VmHWM, mapped files included
    peak_anonymous_bytes: int  # RssAnon, sampled: private memory, of its children as well
    idle_resident_bytes: int  # after the imports, before the work


def watch(work: Callable[..., None], *arguments: Any) -> Usage:
    """Run `work` in a new process and sample its memory.

    Raises:
        RuntimeError: the process failed.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_timed, args=(sender, work, arguments))
    process.start()
    sender.close()
    anonymous = 0
    while process.is_alive() and not receiver.poll(SAMPLE_SECONDS):
        family = _with_descendants(process.pid)
        anonymous = max(anonymous, sum(_status(pid, "RssAnon") for pid in family))
    try:
        seconds, peak, idle = receiver.recv()
    except EOFError as error:
        process.join()
        raise RuntimeError(f"{work.__name__} exited with code {process.exitcode}") from error
    process.join()
    return Usage(seconds, peak, anonymous, idle)


def resident() -> tuple[int, int, int]:
    """Return what this process has in bytes: anonymous memory, mapped files, the peak of both."""
    pid = os.getpid()
    return _status(pid, "RssAnon"), _status(pid, "RssFile"), _status(pid, "VmHWM")


def _timed(sender: Any, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    idle = psutil.Process().memory_info().rss
    start = time.monotonic()
    work(*arguments)
    sender.send((round(time.monotonic() - start, 1), _status(os.getpid(), "VmHWM"), idle))


def _with_descendants(pid: int | None) -> Iterator[int]:
    """Yield a process and those that the main threads of it and its descendants have started."""
    if pid is None:
        return
    yield pid
    with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _with_descendants(int(child))


def _status(pid: int | None, field: str) -> int:
    """Read a size in bytes from /proc; 0 if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    sizes = [int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")]
    return sizes[0] if sizes else 0
