"""Orderly exits of commands on Ctrl-C or SIGTERM."""

import signal
from typing import NoReturn


def raise_on_termination() -> None:
    """Make the first SIGINT or SIGTERM raise KeyboardInterrupt, so that context managers exit.

    Ignores later ones: the clean-up takes a few seconds and must not be cut short.

    Wait in short turns: a signal that arrives just before a call that blocks without a limit
    (`signal.pause`, `Popen.wait`) raises only when that call returns.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise_once)


def _raise_once(*_: object) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
