"""Ends a command in order on Ctrl-C or SIGTERM, whatever it is doing."""

import signal
from typing import NoReturn


def raise_on_termination() -> None:
    """Make the first SIGINT or SIGTERM raise KeyboardInterrupt, so that contexts are left.

    Later ones are ignored: leaving takes a few seconds and must not be cut short.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise_once)


def _raise_once(*_: object) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
