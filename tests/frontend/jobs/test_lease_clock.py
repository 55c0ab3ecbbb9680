import pytest

from frontend.jobs.lease_clock import LeaseClock


class Clocks:
    wall = 1_000_000.0
    steady = 50.0

    def pass_seconds(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def lease_clock(clocks: Clocks) -> LeaseClock:
    return LeaseClock(10.0, wall=lambda: clocks.wall, steady=lambda: clocks.steady)


def test_leases_are_trusted_from_the_start(clocks: Clocks, lease_clock: LeaseClock) -> None:
    assert lease_clock.trusts()
    clocks.pass_seconds(10_000)
    assert lease_clock.trusts()


@pytest.mark.parametrize("step", [3600.0, -7200.0, 3.0])
def test_a_clock_that_is_set_makes_leases_doubtful_for_a_while(
    step: float, clocks: Clocks, lease_clock: LeaseClock
) -> None:
    clocks.wall += step
    assert not lease_clock.trusts()
    clocks.pass_seconds(9)
    assert not lease_clock.trusts()
    clocks.pass_seconds(2)
    assert lease_clock.trusts()


def test_a_clock_that_is_adjusted_a_little_does_not(
    clocks: Clocks, lease_clock: LeaseClock
) -> None:
    clocks.wall += 0.5
    assert lease_clock.trusts()


def test_a_job_store_that_was_away_does(clocks: Clocks, lease_clock: LeaseClock) -> None:
    lease_clock.doubt()
    assert not lease_clock.trusts()
    clocks.pass_seconds(11)
    assert lease_clock.trusts()
