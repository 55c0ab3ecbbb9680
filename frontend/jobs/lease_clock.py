"""Whether the leases of other workers can be believed."""

import time
from collections.abc import Callable

_TOLERANCE = 2.0  # seconds; clocks are disciplined by less


def _wall() -> float:
    return time.time()


class LeaseClock:
    """Doubts leases for a while after the wall clock was set, or the job store was away.

    Every worker renews its leases within that while, so those that have still expired then are
    those of dead ones.
    """

    def __init__(
        self,
        doubt_seconds: float,
        wall: Callable[[], float] = _wall,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doubt_seconds = doubt_seconds
        self._wall = wall
        self._steady = steady
        self._offset = wall() - steady()
        self._doubt_until = steady()

    def doubt(self) -> None:
        """Doubt all leases from now on."""
        self._doubt_until = self._steady() + self._doubt_seconds

    def trusts(self) -> bool:
        """Return whether an expired lease means a dead worker."""
        offset = self._wall() - self._steady()
        if abs(offset - self._offset) > _TOLERANCE:
            self.doubt()
        self._offset = offset
        return self._steady() >= self._doubt_until
