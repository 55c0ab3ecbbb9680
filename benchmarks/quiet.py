"""Measure while the machine is quiet: wait for it, and throw away what others disturbed."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import psutil

from benchmarks.process_tree import ProcessTree

FOREIGN_LIMIT = 0.08  # cores; a sample with so much foreign CPU time or more is thrown away
_WINDOW = 0.25  # seconds; long against the ticks of 10 ms that the kernel counts in
_TIMEOUT = 30.0  # seconds

T = TypeVar("T")


@dataclass(frozen=True)
class Sample(Generic[T]):
    value: T
    foreign: float  # cores that others took
    thrown_away: int  # disturbed samples before this one

    @property
    def disturbed(self) -> bool:
        """Return whether no try was quiet, so that a disturbed one was kept."""
        return self.foreign >= FOREIGN_LIMIT


def busy_seconds() -> float:
    """Return the CPU time of the whole machine that was not idle, stolen time included."""
    times = psutil.cpu_times()
    # Linux counts a guest's time in user and nice as well.
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def wait_until_idle(busy: Callable[[], float] = busy_seconds, timeout: float = _TIMEOUT) -> None:
    """Return once the machine has idled for a moment, or after the timeout."""
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        before, started = busy(), time.monotonic()
        time.sleep(_WINDOW)
        if (busy() - before) / (time.monotonic() - started) < FOREIGN_LIMIT:
            return


def measure(
    work: Callable[[], T],
    pids: Sequence[int],
    tries: int,
    busy: Callable[[], float] = busy_seconds,
) -> Sample[T]:
    """Do the work until others have left it alone; after the last try keep the quietest.

    Args:
        work: of the processes `pids` and of this one.
        pids: count the CPU time of these and their descendants as our own.
        tries: at most so many times.
        busy: CPU seconds of the machine so far.
    """
    samples: list[tuple[float, T]] = []
    for _ in range(tries):
        wait_until_idle(busy)
        ours, this = ProcessTree(pids), psutil.Process(os.getpid())
        before = busy() - ours.cpu_seconds() - _own_seconds(this)
        started = time.monotonic()
        value = work()
        elapsed = time.monotonic() - started
        foreign = (busy() - ours.cpu_seconds() - _own_seconds(this) - before) / elapsed
        samples.append((foreign, value))
        if foreign < FOREIGN_LIMIT:
            break
    foreign, value = min(samples, key=lambda sample: sample[0])
    return Sample(value, foreign, len(samples) - 1)


def _own_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
