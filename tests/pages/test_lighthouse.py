"""Lighthouse rates every page at 95 or more, on phones and on desktops."""

from pathlib import Path

import pytest

from tests.pages.lighthouse import LEAST, scores
from tests.pages.site import PageCase

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900)]


def test_every_page_is_rated_well(cases: list[PageCase], modules: Path) -> None:
    whole = [case for case in cases if case.is_whole]
    low = [
        (case.name, preset, category, score)
        for case, found in zip(whole, scores(whole, modules), strict=True)
        for preset, categories in found.items()
        for category, score in categories.items()
        if score < LEAST
    ]
    assert low == []
