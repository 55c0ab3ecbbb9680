"""The pages in a real browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect, sync_playwright


def find_chromium() -> str:
    """The path of the browser; without one the test is skipped."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium found: apt install chromium")
    return chromium


@contextmanager
def chromium_page() -> Iterator[Page]:
    """A page that is patient enough for a machine that does other work."""
    chromium = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1000, "height": 1100})
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        yield page
        browser.close()


def plays(page: Page, selector: str) -> None:
    """The browser has decoded the video and moves on in it."""
    page.wait_for_function(
        "selector => { const video = document.querySelector(selector);"
        " return video?.readyState >= 2 && video.currentTime > 0 && video.videoWidth > 0 }",
        arg=selector,
    )


def choose_size(page: Page, size: str) -> None:
    """Choose one of the form's other sizes."""
    page.get_by_text("Other sizes").click()
    page.check(f"[name=size][value='{size}']")
