"""Hold an engine only while it works. Implements `EngineSession`."""

import gc
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from ltx_triton.engines.process_memory import resident_bytes, trim
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, EngineSession, Parameters


class UnloadingSession:
    """Opens the engine for each run, and gives its memory back before it returns."""

    def __init__(self, open_engine: Callable[[], EngineSession]) -> None:
        self._open_engine = open_engine

    def run(
        self, inputs: Arrays, parameters: Parameters = NO_PARAMETERS
    ) -> dict[str, NDArray[Any]]:
        session = self._open_engine()
        try:
            outputs = session.run(inputs, parameters)
        finally:
            del session
            gc.collect()
            trim()
        return outputs

    def memory_bytes(self) -> int:
        return resident_bytes()
