"""End a process when its parent has ended, however that ends."""

import ctypes
import os
import signal
import threading
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2)
_INTERVAL = 0.2  # seconds


def die_with_parent(parent: int, number: int = signal.SIGTERM) -> None:
    """Send this process a signal when the parent's thread that started it ends; an exec keeps that.

    Args:
        parent: process ID, by which a parent that has ended already is noticed.
        number: the signal.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def exit_after_parent() -> None:
    """Kill this process when its parent ends, even while one of its threads holds the GIL.

    Works for parents that start processes in short-lived threads, as Triton does.
    """
    watcher = threading.Thread(target=_watch, args=(os.getppid(),), name="parent", daemon=True)
    watcher.start()


def _watch(parent: int) -> None:
    # When the thread that started this process ends, the parent's main thread takes it over.
    while os.getppid() == parent and not _belongs_to_main_thread(parent):
        time.sleep(_INTERVAL)
    die_with_parent(parent, signal.SIGKILL)
    threading.Event().wait()  # the request to the kernel lasts as long as this thread


def _belongs_to_main_thread(parent: int) -> bool:
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    except OSError:  # it has ended, or the kernel has no such file
        return False
    return str(os.getpid()) in children.split()
