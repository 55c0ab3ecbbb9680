"""Run a step in a process of its own, which gives its memory back and may crash alone."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from export.errors import ExportError

_Result = TypeVar("_Result")


def in_child(died: str, function: Callable[..., _Result], *arguments: Any) -> _Result:
    """Call a function in a new process, which inherits nothing but the environment and terminal.

    Args:
        died: says what it means that the process has died.
        function: picklable, like its arguments and its result.
        arguments: of the function.

    Raises:
        ExportError: the process died, with `died`.
        Exception: what the function raises.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as process:
        try:
            return process.submit(function, *arguments).result()
        except BrokenProcessPool as error:
            raise ExportError(died) from error
