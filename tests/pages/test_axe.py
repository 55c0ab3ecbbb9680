"""axe-core finds nothing to object to on any page, light and dark, narrow and wide."""

from pathlib import Path

import pytest

from tests.browser import chromium_page
from tests.pages.axe import violations
from tests.pages.results import load
from tests.pages.site import PageCase

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_no_page_has_a_violation(cases: list[PageCase], modules: Path) -> None:
    with chromium_page() as page:
        assert [each for case in cases for each in violations(page, case, modules)] == []


def test_a_violation_is_found(modules: Path) -> None:
    picture = PageCase("a picture without words", "data:text/html,<img src='data:,'>")
    with chromium_page() as page:
        assert "image-alt" in {each.rule for each in violations(page, picture, modules)}


def test_the_results_are_of_all_pages(cases: list[PageCase]) -> None:
    assert [(each.page, each.lighthouse is not None) for each in load().pages] == [
        (case.name, case.is_whole) for case in cases
    ]
