import mmap
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.process_tree import PeakMemory, ProcessTree

MEGABYTE = 2**20
# A child that holds memory and has used CPU time, below a parent that has not.
CHILD = "held = b'x' * 2**27; sum(held[: 2**24]); print('ready', flush=True); input()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


@contextmanager
def family() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "ready\n"
        yield parent
        parent.communicate("\n")


def test_memory_and_cpu_time_of_descendants_count() -> None:
    with family() as parent:
        tree = ProcessTree([parent.pid])
        assert 128 * MEGABYTE < tree.pss_bytes() < 256 * MEGABYTE
        assert tree.cpu_seconds() >= 0.05


def test_processes_that_ended_count_nothing() -> None:
    with family() as parent:
        tree = ProcessTree([parent.pid])
    assert tree.pss_bytes() == 0
    assert tree.cpu_seconds() == 0


def test_the_peak_stays_when_memory_is_freed() -> None:
    tree = ProcessTree([os.getpid()])
    with PeakMemory(tree, interval=0.001) as memory:
        before = tree.pss_bytes()
        held = b"x" * (256 * MEGABYTE)
        while memory.peak_bytes < before + 200 * MEGABYTE:
            time.sleep(0.001)
        del held
    assert tree.pss_bytes() < memory.peak_bytes - 200 * MEGABYTE


def test_mapped_files_are_told_from_what_is_held(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"x" * (64 * MEGABYTE))
    tree = ProcessTree([os.getpid()])
    before = tree.pss()
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert sum(mapped[::4096]) > 0
        after = tree.pss()
    assert after.mapped_bytes - before.mapped_bytes > 60 * MEGABYTE
    assert after.held_bytes - before.held_bytes < 10 * MEGABYTE
