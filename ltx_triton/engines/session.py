"""The interface of a loaded engine, whatever its runtime."""

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class EngineSession(Protocol):
    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Execute one batch; names, types and shapes as in the engine's contract."""
        ...

    def memory_bytes(self) -> int:
        """Return the device memory in use, in bytes."""
        ...
