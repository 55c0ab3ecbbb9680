import time
from collections.abc import Callable

import pytest

from benchmarks import quiet
from benchmarks.quiet import FOREIGN_LIMIT, measure, wait_until_idle


class OtherWork:
    """CPU seconds of a machine where others take a share of a core during the first works."""

    def __init__(self, disturbed: int) -> None:
        self._disturbed = disturbed
        self._seconds = 0.0
        self.works = 0

    def busy(self) -> float:
        return self._seconds

    def work(self) -> int:
        time.sleep(0.01)
        if self.works < self._disturbed:
            self._seconds += 1.0
        self.works += 1
        return self.works


@pytest.fixture(autouse=True)
def short_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "_WINDOW", 0.001)


def test_disturbed_samples_are_thrown_away_and_counted() -> None:
    machine = OtherWork(disturbed=2)
    sample = measure(machine.work, [], 6, machine.busy)
    assert (sample.value, sample.thrown_away, sample.disturbed) == (3, 2, False)


def test_a_sample_is_kept_after_the_last_try_and_marked() -> None:
    machine = OtherWork(disturbed=9)
    sample = measure(machine.work, [], 3, machine.busy)
    assert machine.works == 3
    assert (sample.thrown_away, sample.disturbed) == (2, True)
    assert sample.foreign >= FOREIGN_LIMIT


def test_idleness_is_waited_for() -> None:
    readings = iter([0.0, 1.0, 1.0, 2.0, 2.0, 2.0])

    wait_until_idle(lambda: next(readings))

    assert list(readings) == []


def test_a_machine_that_never_idles_is_waited_for_no_longer_than_the_timeout() -> None:
    started = time.monotonic()
    wait_until_idle(time.monotonic, timeout=0.05)
    assert 0.05 <= time.monotonic() - started < 1


def test_the_busy_time_of_the_machine_grows_with_work() -> None:
    before = quiet.busy_seconds()
    spin(0.1)
    assert quiet.busy_seconds() - before >= 0.05


def spin(seconds: float, clock: Callable[[], float] = time.process_time) -> None:
    until = clock() + seconds
    while clock() < until:
        pass
