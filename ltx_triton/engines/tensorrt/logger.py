"""A TensorRT logger that collects errors."""

import logging
import re
from collections.abc import Callable
from typing import Any

from ltx_triton.engines.tensorrt.library import TensorRt

_log = logging.getLogger(__name__)


def make_logger(library: TensorRt, write: Callable[[str], object] | None = None) -> Any:
    """Make a TensorRT logger that collects errors for the exception to raise.

    Args:
        library: from `load_tensorrt`.
        write: called with every message, verbose ones included, one line each.

    Returns:
        An `ILogger` whose `take_errors()` returns the errors since the last call, joined.
    """
    trt = library.trt
    levels = {
        trt.ILogger.INTERNAL_ERROR: logging.ERROR,
        trt.ILogger.ERROR: logging.ERROR,
        trt.ILogger.WARNING: logging.WARNING,
        trt.ILogger.INFO: logging.DEBUG,
        trt.ILogger.VERBOSE: logging.DEBUG,
    }

    class Logger(trt.ILogger):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self._errors: list[str] = []

        def log(self, severity: Any, msg: str) -> None:
            level = levels[severity]
            if level == logging.ERROR:
                self._errors.append(msg)
            if write is not None:
                write(f"{logging.getLevelName(level)} {msg}\n")
            elif level >= logging.WARNING:
                _log.log(level, "TensorRT: %s", msg)

        def take_errors(self) -> str:
            text = "\n".join(self._errors) or "TensorRT gave no reason"
            self._errors.clear()
            # TensorRT words it in several ways; callers look for this one.
            if re.search(r"OutOfMemory|could not be allocated", text):
                text = f"out of memory: {text}"
            return text

    return Logger()
