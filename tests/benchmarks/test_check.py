from pathlib import Path

import pytest

from benchmarks.check import failures


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(600)
def test_the_service_keeps_its_lead_over_diffusers(demo_repository: Path) -> None:
    assert failures(demo_repository) == []
