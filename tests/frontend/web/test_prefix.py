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

    plays(page, "#player")
    page.locator("#newest").get_by_role("link", name="a lighthouse").first.click()

    plays(page, "video")
    page.get_by_role("link", name="Use this prompt").click()
    expect(page.locator("#prompt")).to_have_value("a lighthouse")


def test_a_video_is_found_and_deleted_in_the_gallery(page: Page) -> None:
    page.click("#submit")
    expect(page.locator("#player")).to_be_visible()
    page.get_by_role("link", name="Gallery").click()
    expect(page.locator(".clip img")).to_be_visible()

    page.get_by_role("button", name="Delete").click()
    page.locator("#confirm").get_by_role("button", name="Delete").click()

    expect(page.locator(".clip")).to_have_count(0)
    page.reload()
    page.get_by_role("link", name="Make the first").click()
    expect(page.locator("#prompt")).to_be_visible()


def test_the_skip_link_stays_on_its_page(page: Page, url: str) -> None:
    page.goto(f"{url}/gallery?text=a")
    page.keyboard.press("Tab")

    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()
    assert page.url == f"{url}/gallery?text=a#main"


def test_a_running_job_can_be_cancelled(page: Page, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    page.click("#submit")
    page.wait_for_selector("#progress-bar")

    page.locator("#stage").get_by_role("button", name="Cancel").click()

    expect(page.locator("#video-title")).to_have_text("Cancelled")


def test_the_interactive_documentation_shows_the_api(page: Page) -> None:
    page.get_by_role("link", name="API").click()

    page.get_by_role("link", name="POST /generate").click()

    expect(page.locator(".opblock.is-open")).to_contain_text("/generate")
    expect(page.locator(".opblock.is-open button").first).to_be_focused()
