"""The scenarios of the short form; `make test-faults` runs all."""

from pathlib import Path

import pytest

from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.tally import run

# Other services would count as leaked, and their load as slowness.
pytestmark = pytest.mark.alone

SHORT = [scenario for scenario in SCENARIOS if scenario.in_short_form]


@pytest.mark.parametrize("scenario", SHORT, ids=lambda scenario: scenario.name)
def test_no_job_is_lost_and_nothing_leaks(scenario: Scenario, demo_repository: Path) -> None:
    tally = run(scenario, demo_repository)

    assert tally.is_clean, tally
    assert tally.more_open_files < 20
    assert tally.log_lines < 100
