"""The pages in a real browser, cut off from every network but this machine."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from frontend.web.examples import PROMPTS
from ltx_triton.launcher.local_triton import LocalTriton
from tests.browser import plays
from tests.e2e.jobs import finish, post
from tests.ltx_triton.launcher.processes import stub_of

# Where to leave screenshots to look at; by default beside the test's other files.
SCREENSHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture
def page(browser_page: Page, frontend: str) -> Iterator[Page]:
    """A page that notes every request to elsewhere and every error."""
    strangers: list[str] = []
    errors: list[str] = []

    def on_request(url: str) -> None:
        if not url.startswith((frontend, "data:", "blob:")):
            strangers.append(url)

    browser_page.on("request", lambda request: on_request(request.url))
    browser_page.on("pageerror", lambda error: errors.append(str(error)))
    yield browser_page
    assert strangers == [], "the pages must work without a network"
    assert errors == []


def screenshot(page: Page, name: str, tmp_path: Path) -> None:
    folder = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path
    page.screenshot(path=folder / f"{name}.png")


def test_the_form_makes_a_video_with_live_progress_and_plays_it(
    page: Page, frontend: str, triton: LocalTriton, tmp_path: Path
) -> None:
    decoder = stub_of(triton.pid, "vae_decoder")
    page.goto(frontend)
    page.fill("#prompt", "a lighthouse at dusk")
    page.select_option("[name=resolution]", "512")
    page.fill("[name=seed]", "7")

    decoder.suspend()  # or the video may be ready before the page asks for its progress
    page.click("#submit")

    try:
        page.wait_for_function("() => document.querySelector('#progress-bar').value > 0")
        screenshot(page, "progress", tmp_path)
    finally:
        decoder.resume()
    expect(page.locator("#result")).to_be_visible(timeout=60_000)
    plays(page, "#player")
    assert page.evaluate("() => document.querySelector('#player').videoWidth") == 512
    expect(page.locator("#result-detail")).to_contain_text("24 frames")
    expect(page.locator("#result-detail")).to_contain_text("seed 7")
    screenshot(page, "home", tmp_path)


def test_what_is_wrong_is_said_on_the_page(page: Page, frontend: str) -> None:
    page.goto(frontend)
    page.fill("#prompt", "   ")

    page.click("#submit")

    expect(page.locator("#error")).to_have_text("Prompt cannot be empty")


def test_a_running_job_can_be_cancelled_on_the_page(page: Page, frontend: str) -> None:
    page.goto(frontend)
    page.fill("#prompt", "cancel me")
    page.fill("[name=duration]", "10")
    page.click("#submit")
    page.wait_for_selector("#progress:not([hidden])")

    page.click("#cancel")

    expect(page.locator("#error")).to_have_text("Cancelled")


def test_what_users_typed_is_shown_and_never_executed(page: Page, frontend: str) -> None:
    attack = "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>"
    job = post(frontend, prompt=attack)
    finish(frontend, job["job_id"])

    for path in ("/", job["preview_url"]):
        page.goto(frontend + path)
        expect(page.get_by_text(attack).first).to_be_visible()
        assert page.evaluate("() => window.hit") is None


def test_the_preview_shows_progress_and_then_the_player(
    page: Page, frontend: str, tmp_path: Path
) -> None:
    job = post(frontend, prompt="a preview", resolution=512, duration=3)

    page.goto(frontend + job["preview_url"])

    expect(page.locator("#progress")).to_be_visible()
    expect(page.locator("video")).to_be_visible(timeout=60_000)
    plays(page, "video")
    expect(page.get_by_text("512x512")).to_be_visible()
    screenshot(page, "preview", tmp_path)


def test_the_documented_javascript_works(page: Page, frontend: str) -> None:
    document = Path(__file__).parents[2] / "docs" / "api.md"
    [example] = re.findall(r"```javascript\n(.*?)```", document.read_text(), re.DOTALL)
    page.goto(frontend)

    status = page.evaluate(
        f"async () => {{ {example.replace('http://localhost:8000', frontend)} }}"
    )

    assert status["status"] == "completed"
    assert status["prompt"] == "a large blue star moving left on a white background"


def test_recent_videos_are_listed(page: Page, frontend: str) -> None:
    job = post(frontend, prompt="the most recent one")
    finish(frontend, job["job_id"])

    page.goto(frontend)

    link = page.get_by_role("link", name="the most recent one")
    expect(link).to_have_attribute("href", job["preview_url"])


def test_the_interactive_documentation_works_offline(
    page: Page, frontend: str, tmp_path: Path
) -> None:
    page.goto(f"{frontend}/docs")

    expect(page.get_by_text("/generate").first).to_be_visible()
    screenshot(page, "docs", tmp_path)


def test_an_example_of_the_demo_fills_the_form(
    browser_page: Page, demo: str, tmp_path: Path
) -> None:
    browser_page.goto(demo)
    example = browser_page.locator(".example").nth(1)
    browser_page.wait_for_function(
        "() => [...document.querySelectorAll('.example img')].every(image => image.naturalWidth)"
    )
    screenshot(browser_page, "examples", tmp_path)

    example.click()

    expect(browser_page.locator("#prompt")).to_have_value(PROMPTS[1])
    browser_page.click("#submit")
    expect(browser_page.locator("#result")).to_be_visible()
    plays(browser_page, "#player")
    screenshot(browser_page, "demo", tmp_path)
