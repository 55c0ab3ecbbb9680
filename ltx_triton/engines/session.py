"""The interface of a loaded engine, whatever its runtime."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
Parameters = Mapping[str, int]  # of a request, beside its tensors
NO_PARAMETERS: Parameters = MappingProxyType({})


class EngineSession(Protocol):
    def run(
        self, inputs: Arrays, parameters: Parameters = NO_PARAMETERS
    ) -> dict[str, NDArray[Any]]:
        """Execute one batch; names, types and shapes as in the engine's contract.

        The returned arrays are valid until the next call.
        """
        ...

    def memory_bytes(self) -> int:
        """Return the device memory in use, in bytes."""
        ...
