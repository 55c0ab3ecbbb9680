"""End a process when its parent has ended, however that ends."""

import ctypes
import os
import signal
import threading
import time

_PR_SET_PDEATHSIG = 1  # prctl(2)
_INTERVAL = 0.5  # seconds


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
    """Exit once the parent has ended.

    For a parent that starts processes in threads which end, as Triton does.
    """
    watcher = threading.Thread(target=_watch, args=(os.getppid(),), name="parent", daemon=True)
    watcher.start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_INTERVAL)
    os._exit(1)
