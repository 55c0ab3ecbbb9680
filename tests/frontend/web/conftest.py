from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser import choose_size, chromium_page


@pytest.fixture
def browser_page() -> Iterator[Page]:
    with chromium_page() as page:
        yield page


def fill_form(page: Page, url: str) -> None:
    """Open the home page, and describe a small video."""
    page.goto(url)
    page.fill("#prompt", "a lighthouse")
    page.fill("[name=duration]", "1")
    choose_size(page, "64x64")
