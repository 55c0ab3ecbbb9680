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
    page.fill("[name=seed]", "7")

    decoder.suspend()  # or the video may be ready before the page asks for its progress
    page.click("#submit")

    try:
        page.wait_for_function("() => document.querySelector('#progress-bar')?.value > 0")
        page.wait_for_function("() => /^[0-9]+ %/.test(document.title)")
        expect(page.locator("#submit")).to_be_focused()
        screenshot(page, "progress", tmp_path)
    finally:
        decoder.resume()
    plays(page, "#player")
    assert page.evaluate("() => document.querySelector('#player').videoWidth") == 512
    expect(page.locator("#facts")).to_contain_text("24 frames · 512 × 512")  # noqa: RUF001
    expect(page.locator("#facts")).to_contain_text("seed 7")
    expect(page.locator("#video-title")).to_be_focused()
    expect(page.locator("#video-title")).to_be_in_viewport()
    expect(page.locator("#player")).to_be_in_viewport(ratio=0.9)
    screenshot(page, "home", tmp_path)


def test_frames_size_and_time_are_said_before_sending(page: Page, frontend: str) -> None:
    finish(frontend, post(frontend)["job_id"])
    page.goto(frontend)

    quote = page.locator("#quote")
    expect(quote).to_have_text(re.compile("^24 frames · 512 × 512 · about [0-9]+ s$"))  # noqa: RUF001
    page.check("[name=size][value='672x384']", force=True)
    page.fill("[name=duration]", "2")

    expect(quote).to_contain_text("16 frames · 672 × 384")  # noqa: RUF001


def test_a_value_that_is_not_allowed_is_marked_while_it_is_typed(page: Page, frontend: str) -> None:
    page.goto(frontend)
    duration = page.get_by_label("Duration")

    duration.fill("11")

    expect(page.locator("#duration-error")).to_have_text("Duration cannot exceed 10 seconds")
    expect(duration).to_have_attribute("aria-invalid", "true")
    expect(duration).to_have_accessible_description("Duration cannot exceed 10 seconds")
    duration.fill("3")
    expect(page.locator("#duration-error")).to_be_hidden()
    expect(duration).not_to_have_attribute("aria-invalid", "true")


def test_the_keyboard_sends_the_form(page: Page, frontend: str) -> None:
    page.goto(frontend)
    page.fill("#prompt", "a key")
    page.fill("[name=duration]", "1")

    page.press("#prompt", "Control+Enter")

    plays(page, "#player")


def test_what_is_wrong_is_said_on_the_page(page: Page, frontend: str) -> None:
    page.goto(frontend)
    page.fill("#prompt", "   ")

    page.click("#submit")

    expect(page.locator("#prompt-error")).to_have_text("Prompt cannot be empty")
    expect(page.locator("#prompt")).to_be_focused()


def test_a_running_job_can_be_cancelled_on_the_page(page: Page, frontend: str) -> None:
    page.goto(frontend)
    page.fill("#prompt", "cancel me")
    page.fill("[name=duration]", "10")
    page.click("#submit")

    page.locator("#stage").get_by_role("button", name="Cancel").click()

    expect(page.locator("#video-title")).to_have_text("Cancelled")
    expect(page.locator(".error:visible")).to_have_count(0)
    expect(page.locator("#prompt")).to_have_value("cancel me")


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

    expect(page.locator("#progress-bar")).to_be_visible()
    plays(page, "video")
    expect(page.locator("#facts")).to_contain_text("512 × 512")  # noqa: RUF001
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


def test_the_newest_videos_are_found_in_the_gallery_used_again_and_deleted(
    page: Page, frontend: str, tmp_path: Path
) -> None:
    for number in (1, 2):
        job = post(frontend, prompt=f"newest {number}", seed=number)
        finish(frontend, job["job_id"])
    page.goto(frontend)
    expect(page.locator("#newest .prompt").first).to_have_text("newest 2")

    page.get_by_role("link", name="All videos").click()
    page.get_by_label("Words").fill("NEWEST")
    page.keyboard.press("Enter")
    expect(page.locator(".clip")).to_have_count(2)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.clip img')].every(image => image.naturalWidth)"
    )
    screenshot(page, "gallery", tmp_path)
    page.get_by_role("link", name="Use prompt “newest 1”").click()

    expect(page.locator("#prompt")).to_have_value("newest 1")
    expect(page.locator("[name=seed]")).to_have_value("1")
    expect(page.locator("[name=size][value='64x64']")).to_be_checked()
    page.go_back()
    page.get_by_role("button", name="Delete “newest 2”").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".clip")).to_have_count(2)
    page.get_by_role("button", name="Delete “newest 2”").click()
    page.locator("#confirm").get_by_role("button", name="Delete").click()
    expect(page.locator(".clip")).to_have_count(1)
    expect(page.locator(".clip a").first).to_be_focused()


def test_without_javascript_a_video_is_made_and_found(
    page: Page, frontend: str, tmp_path: Path
) -> None:
    assert page.context.browser
    with page.context.browser.new_context(java_script_enabled=False) as context:
        plain = context.new_page()
        plain.goto(frontend)
        plain.fill("#prompt", "no scripts")
        plain.fill("[name=duration]", "1")
        screenshot(plain, "noscript", tmp_path)

        plain.click("#submit")

        expect(plain.locator("video")).to_be_visible()  # the page looks again by itself
        plain.get_by_role("link", name="Gallery").click()
        plain.get_by_role("link", name="no scripts").first.click()
        expect(plain.get_by_role("heading", level=1)).to_have_text("no scripts")
        expect(plain.get_by_role("button", name="Delete")).to_be_hidden()


def test_the_interactive_documentation_works_offline(
    page: Page, frontend: str, tmp_path: Path
) -> None:
    page.goto(f"{frontend}/docs")

    page.get_by_role("link", name="POST /generate").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".opblock.is-open")).to_contain_text("/generate")
    expect(page.locator(".opblock.is-open button").first).to_be_focused()
    screenshot(page, "docs", tmp_path)


def test_an_example_of_the_demo_fills_the_form(
    browser_page: Page, demo: str, tmp_path: Path
) -> None:
    browser_page.goto(demo)
    example = browser_page.locator(".example").nth(1)
    example.scroll_into_view_if_needed()  # images far below are not loaded
    browser_page.wait_for_function(
        "() => [...document.querySelectorAll('.example img')].every(image => image.naturalWidth)"
    )
    screenshot(browser_page, "examples", tmp_path)

    example.click()

    expect(browser_page.locator("#prompt")).to_have_value(PROMPTS[1])
    browser_page.click("#submit")
    plays(browser_page, "#player")
    screenshot(browser_page, "demo", tmp_path)


def test_words_that_the_demo_does_not_know_are_named_beside_its_video(
    browser_page: Page, demo: str
) -> None:
    browser_page.goto(demo)
    browser_page.fill("#prompt", "a red cat")

    browser_page.click("#submit")

    expect(browser_page.locator(".warning")).to_have_text("Note: ltx-demo does not know: cat.")
    plays(browser_page, "#player")
    expect(browser_page.locator(".warning")).to_be_visible()
