"""The interface of a loaded engine, whatever its runtime."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class EngineSession(Protocol):
    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Execute one batch; names, types and shapes as in the engine's contract."""
        ...

    def stream(self, inputs: Arrays) -> Iterator[dict[str, NDArray[Any]]]:
        """Execute one batch; yield the outputs in consecutive pieces of axis 1 as they are made.

        The arrays of a piece are valid until the next is asked for.
        """
        yield self.run(inputs)

    def memory_bytes(self) -> int:
        """Return the device memory in use, in bytes."""
        ...
