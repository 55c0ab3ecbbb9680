from pathlib import Path

import pytest

from benchmarks.suite import quotes


@pytest.mark.slow
def test_every_load_is_quoted(demo_repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotes, "_MADE", ((128, 1, 8),))
    monkeypatch.setattr(quotes, "_NEW", ((160, 1, 8),))
    monkeypatch.setattr(quotes, "_QUEUED", 3)

    measured = list(quotes.measure(1, demo_repository))

    assert {each.labels["load"] for each in measured} == set(quotes.LOADS)
    assert all(min(each.samples) > 0 for each in measured)
    assert max(len(each.samples) for each in measured) == 3
