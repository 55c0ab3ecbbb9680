"""Count wrong API keys, so that nobody guesses many."""

import math
import time
from collections import deque
from collections.abc import Callable

_MAX_ADDRESSES = 10_000


class WrongKeys:
    """Wrong keys of each address in the last minute, in this worker."""

    def __init__(
        self,
        limit: int = 10,
        window: float = 60.0,  # seconds
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._window = window
        self._clock = clock
        self._moments: dict[str, deque[float]] = {}  # by address, the least recent first

    def add(self, address: str) -> None:
        moments = self._moments.pop(address, deque(maxlen=self._limit))
        moments.append(self._clock())
        self._moments[address] = moments
        if len(self._moments) > _MAX_ADDRESSES:
            del self._moments[next(iter(self._moments))]

    def retry_after(self, address: str) -> int | None:
        """Return the seconds until the address may try again, or None if it may now."""
        moments = self._moments.get(address)
        if moments is None or len(moments) < self._limit:
            return None
        seconds = moments[0] + self._window - self._clock()
        return math.ceil(seconds) if seconds > 0 else None
