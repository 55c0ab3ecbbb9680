"""The documentation of the API in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.api_process import running
from tests.frontend.fake_triton import FakeTriton

pytestmark = pytest.mark.slow


def test_an_operation_that_is_opened_is_drawn_by_swagger_ui_in_the_readers_colours(
    browser_page: Page, fake_triton: FakeTriton, tmp_path: Path
) -> None:
    with running(fake_triton, tmp_path) as server:
        browser_page.emulate_media(color_scheme="dark")
        browser_page.goto(f"{server.http.base_url}/docs")
        assert browser_page.title() == "LTX-Video API"

        browser_page.get_by_role("link", name="/quote").click()

        expect(browser_page.locator(".opblock.is-open")).to_contain_text("/quote")
        expect(browser_page.locator("#operations")).to_have_count(0)
        expect(browser_page.locator("html")).to_have_class("dark-mode")
        browser_page.emulate_media(color_scheme="light")
        expect(browser_page.locator("html")).not_to_have_class("dark-mode")
        expect(browser_page.get_by_role("link", name="LTX-Video", exact=True)).to_be_visible()
