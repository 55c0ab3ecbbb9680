"""The pages in a real browser, where a proxy publishes them below a path."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser import plays
from tests.frontend.api_process import running
from tests.frontend.fake_triton import FakeTriton, Fault
from tests.frontend.web.conftest import fill_form
from tests.frontend.web.prefix_proxy import PREFIX, published

pytestmark = pytest.mark.slow


@pytest.fixture
def url(fake_triton: FakeTriton, tmp_path: Path) -> Iterator[str]:
    with running(fake_triton, tmp_path, ROOT_PATH=PREFIX) as api, published(api.port) as url:
        yield url


@pytest.fixture
def page(browser_page: Page, url: str) -> Iterator[Page]:
    """The home page, filled in. Nothing that the pages ask for may be missing."""
    failed: list[str] = []

    def note(response: Response) -> None:
        if response.status >= 400:
            failed.append(f"{response.status} {response.url}")

    browser_page.on("response", note)
    fill_form(browser_page, f"{url}/")
    yield browser_page
    assert failed == []


def test_the_form_makes_a_video_and_links_to_its_page(page: Page) -> None:
    page.click("#submit")

    expect(page.locator("#result")).to_be_visible(timeout=30_000)
    plays(page, "#player")

    page.click("#result-preview")

    plays(page, "video")
    page.click(".brand")
    expect(page.locator("#recent").get_by_role("link", name="a lighthouse")).to_be_visible()


def test_a_running_job_can_be_cancelled(page: Page, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    page.click("#submit")
    page.wait_for_selector("#progress:not([hidden])")

    page.click("#cancel")

    expect(page.locator("#error")).to_have_text("Cancelled")


def test_the_interactive_documentation_shows_the_api(page: Page) -> None:
    page.get_by_role("link", name="API docs").click()

    expect(page.get_by_text("/generate").first).to_be_visible()
