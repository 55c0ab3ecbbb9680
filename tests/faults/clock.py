"""The wall clock of the frontend and the launcher, set while they run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

from tests.faults.service import FaultyService, wait_until

_SHIM = Path(__file__).with_name("shifted_clock")


class SetClock:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @contextmanager
    def surround(self, service: FaultyService) -> Iterator[None]:
        self._offset = service.temporary / "clock_offset"
        self._set(0)
        service.environment |= {
            "PYTHONPATH": str(_SHIM),
            "CLOCK_OFFSET_FILE": str(self._offset),
        }
        yield

    def inject(self, service: FaultyService) -> None:
        self._set(self._seconds)

        def is_set() -> bool:
            answer = service.health()
            assert answer
            shown = parsedate_to_datetime(answer.headers["Date"]).timestamp()
            return abs(shown - time.time() - self._seconds) < 60

        wait_until(is_set, "clock set")

    def _set(self, seconds: float) -> None:
        new = self._offset.with_suffix(".new")
        new.write_text(f"{seconds}")
        new.replace(self._offset)  # nobody reads half of it
