from pathlib import Path

import pytest

from benchmarks.check import check


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_service_keeps_its_lead_on_diffusers(demo_repository: Path) -> None:
    assert check(demo_repository) == []
