"""How processes end: a command on Ctrl-C or SIGTERM in order, a child with its parent."""

import ctypes
import signal
from typing import NoReturn


def raise_on_termination() -> None:
    """Make the first SIGINT or SIGTERM raise KeyboardInterrupt, so that contexts are left.

    Later ones are ignored: leaving takes a few seconds and must not be cut short.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise_once)


def die_with_parent() -> None:
    """Run in a child before its program: it gets SIGTERM when the parent's thread ends.

    So a launcher that is killed without a chance to clean up leaves nothing running.
    """
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _raise_once(*_: object) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
