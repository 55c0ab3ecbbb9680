"""An engine file opened for execution: arrays in, arrays out, whatever runtime runs it."""

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class EngineSession(Protocol):
    """One loaded engine."""

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Execute one batch; names, types and shapes are those of the engine's contract."""
        ...

    def memory_bytes(self) -> int:
        """Memory of the device that the engine takes."""
        ...
