"""Hold an engine only while it works, if requests say so. Implements `EngineSession`."""

import gc
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from ltx_triton.contract import UNLOAD
from ltx_triton.engines.process_memory import held_bytes, trim
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, EngineSession, Parameters


class UnloadingSession:
    """Drops the engine after a run with `UNLOAD`, and opens it again for the next one."""

    def __init__(self, open_engine: Callable[[], EngineSession]) -> None:
        self._open_engine = open_engine
        self._session: EngineSession | None = open_engine()  # one that is broken shows at once

    def run(
        self, inputs: Arrays, parameters: Parameters = NO_PARAMETERS
    ) -> dict[str, NDArray[Any]]:
        self._session = self._session or self._open_engine()
        try:
            return self._session.run(inputs, parameters)
        except Exception as error:
            raise error.with_traceback(None) from None  # its frames hold the engine
        finally:
            if parameters.get(UNLOAD):
                self._session = None
                gc.collect()
                trim()

    def memory_bytes(self) -> int:
        return held_bytes() if self._session is None else self._session.memory_bytes()
