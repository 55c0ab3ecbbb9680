"""Run a step in a process of its own, which gives its memory back and may crash alone."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from export.errors import ExportError
from ltx_triton.parent_process import die_with_parent

_Result = TypeVar("_Result")


def in_child(crash_message: str, function: Callable[..., _Result], *arguments: Any) -> _Result:
    """Call a function in a new process, which inherits nothing but the environment and terminal.

    Args:
        crash_message: of the error if the process dies.
        function: picklable, like its arguments and its result.
        arguments: of the function.

    Raises:
        ExportError: the process died.
        Exception: what the function raises.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        1, mp_context=spawn, initializer=die_with_parent, initargs=(os.getpid(),)
    ) as process:
        try:
            return process.submit(function, *arguments).result()
        except BrokenProcessPool as error:
            raise ExportError(crash_message) from error
