"""The scenarios of the short form; `make test-faults` runs all."""

from pathlib import Path

import pytest

from tests.faults import disk
from tests.faults.run import run
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.tally import Tally
from tests.faults.tiny_disk import run_on_tiny_disk

# Other services would count as leaked, and their load as slowness.
pytestmark = pytest.mark.alone

SHORT = [scenario for scenario in SCENARIOS if scenario.in_short_form]


def require_clean(tally: Tally) -> None:
    assert tally.is_clean, tally
    assert tally.more_open_files < 20
    assert tally.log_lines < 100


@pytest.mark.parametrize("scenario", SHORT, ids=lambda scenario: scenario.name)
def test_no_job_is_lost_and_nothing_leaks(scenario: Scenario, demo_repository: Path) -> None:
    if missing := scenario.missing():
        pytest.skip(missing)
    require_clean(run(scenario, demo_repository))


@pytest.mark.skipif(bool(disk.missing()), reason="mount -t tmpfs is not permitted here")
def test_a_service_on_a_tiny_disk_refuses_jobs_until_it_has_room(demo_repository: Path) -> None:
    require_clean(run_on_tiny_disk(demo_repository))
