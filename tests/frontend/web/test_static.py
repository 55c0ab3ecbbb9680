"""The pages' scripts in a real browser, where a fault is needed. `tests/e2e` has the rest."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from frontend.web.examples import DEMO_MODEL
from tests.browser import plays
from tests.frontend.api_process import Api, running
from tests.frontend.conftest import wait_until
from tests.frontend.fake_triton import INFO, FakeTriton, Fault
from tests.frontend.web.conftest import fill_form

pytestmark = pytest.mark.slow


@pytest.fixture
def server(fake_triton: FakeTriton, tmp_path: Path) -> Iterator[Api]:
    fake_triton.info = INFO.model_copy(update={"model_name": DEMO_MODEL})
    with running(fake_triton, tmp_path) as server:
        yield server


@pytest.fixture
def page(browser_page: Page, server: Api) -> Page:
    """The home page, filled in."""
    fill_form(browser_page, str(server.http.base_url))
    return browser_page


def test_failed_polls_do_not_give_up_a_job_and_its_video_joins_the_newest(page: Page) -> None:
    failures = iter([True, True])

    def fail(route: Route) -> None:
        match next(failures, False), len(polls):
            case True, 0:
                route.abort()
            case True, _:
                route.fulfill(status=502, body="<html>Bad gateway</html>")
            case _:
                route.continue_()
        polls.append(route.request.url)

    polls: list[str] = []
    page.route(re.compile("/status/"), fail)
    expect(page.locator("#newest")).to_be_hidden()

    page.click("#submit")

    plays(page, "#player")
    assert len(polls) > 2
    expect(page.locator("#newest").get_by_role("link", name="a lighthouse").first).to_be_visible()
    expect(page.locator("#error")).to_be_hidden()


def test_an_error_that_is_not_json_is_shown_readably(page: Page) -> None:
    page.route(
        re.compile("/generate"),
        lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>"),
    )

    page.click("#submit")

    expect(page.locator("#error")).to_have_text("The server answered 502 Bad Gateway")


def test_a_page_that_cannot_be_asked_for_is_asked_for_again(page: Page) -> None:
    failures = iter([True, True])

    def fail(route: Route) -> None:
        is_result = "job=" in route.request.url and next(failures, False)
        route.fulfill(status=502, body="Bad gateway") if is_result else route.continue_()

    page.route(re.compile(r"/\?job="), fail)

    page.click("#submit")

    plays(page, "#player")
    expect(page.locator("#submit")).to_have_attribute("aria-disabled", "false")


def test_a_server_that_is_away_is_said_to_be_and_nothing_typed_is_lost(
    page: Page, server: Api
) -> None:
    server.process.kill()
    server.process.wait()

    page.click("#submit")

    expect(page.locator("#error")).to_have_text(
        "The server cannot be reached. Check that it is running, then try again."
    )
    expect(page.locator("#submit")).to_be_focused()
    expect(page.locator("#prompt")).to_have_value("a lighthouse")


def test_a_job_survives_a_reload_of_its_page(page: Page, fake_triton: FakeTriton) -> None:
    fake_triton.step_seconds = 0.5
    page.click("#submit")
    page.wait_for_function("() => document.title.startsWith('5')")  # per cent of the way

    page.reload()

    expect(page.locator("#progress-bar")).to_be_visible()
    plays(page, "#player")
    expect(page.locator("#video-title")).to_be_focused()
    expect(page).to_have_title("Ready: a lighthouse – LTX-Video")  # noqa: RUF001  a dash


def test_the_skip_link_keeps_what_was_typed_beside_a_job(page: Page) -> None:
    page.click("#submit")
    plays(page, "#player")
    page.fill("#prompt", "another one")

    page.locator(".skip").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#prompt")).to_have_value("another one")


def test_a_paused_video_stays_paused_when_cards_are_refreshed(page: Page) -> None:
    page.click("#submit")
    plays(page, "#player")
    page.evaluate("() => document.querySelector('#player').pause()")

    page.evaluate("() => document.dispatchEvent(new Event('refreshed'))")

    assert page.evaluate("() => document.querySelector('#player').paused")


def test_a_failed_job_says_why_and_is_retried(page: Page, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    page.click("#submit")
    expect(page.locator("#video .error").first).to_contain_text("something broke")

    page.fill("#prompt", "the next one")
    page.locator("#video").get_by_role("button", name="Retry").click()

    plays(page, "#player")
    expect(page.locator("#prompt")).to_have_value("the next one")
    page.reload()
    plays(page, "#player")


def test_a_video_is_asked_for_while_another_is_made(
    page: Page, server: Api, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    page.click("#submit")
    expect(page.locator("#video-title")).to_have_text("Making the video")
    first = page.locator("#video").get_attribute("data-job-id")

    page.fill("#prompt", "a harbour")
    page.click("#submit")

    expect(page.locator("#video")).not_to_have_attribute("data-job-id", str(first))
    server.http.delete(f"/jobs/{first}")
    plays(page, "#player")
    expect(page.locator("#newest .prompt")).to_have_text(["a harbour", "a lighthouse"])
    expect(page.locator(f"#job-{first} .badge")).to_have_text("cancelled")


def test_a_deletion_on_the_home_page_keeps_the_form(page: Page) -> None:
    page.click("#submit")
    plays(page, "#player")
    page.fill("#prompt", "the next one")

    page.locator("#video").get_by_role("button", name="Delete").click()
    page.locator("#confirm").get_by_role("button", name="Delete").click()

    expect(page.locator("#stage")).to_have_text("Your video appears here.")
    expect(page.locator("#newest")).to_be_hidden()
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#announcement")).to_have_text("Deleted")
    expect(page.locator("#prompt")).to_have_value("the next one")
    expect(page).to_have_title("LTX-Video")


def test_a_video_of_unknown_time_is_announced_without_one(page: Page) -> None:
    def forget_time(route: Route) -> None:
        answer = route.fetch()
        known = {name: each for name, each in answer.json().items() if name != "eta_seconds"}
        route.fulfill(response=answer, json=known)

    page.route(re.compile("/generate"), forget_time)
    page.click("#submit")

    expect(page.locator("#announcement")).to_have_text("Your video is being made")


def test_a_result_does_not_take_the_focus_from_elsewhere(
    page: Page, fake_triton: FakeTriton
) -> None:
    fake_triton.step_seconds = 0.2
    page.click("#submit")
    expect(page.locator("#progress-bar")).to_be_visible()
    elsewhere = page.get_by_role("link", name="Gallery")
    elsewhere.focus()

    plays(page, "#player")

    expect(page.locator("#announcement")).to_have_text("Your video")
    expect(elsewhere).to_be_focused()


def test_a_video_that_is_ready_at_once_is_presented(page: Page, server: Api) -> None:
    def wait_for_it(route: Route) -> None:
        answer = route.fetch()
        job_id = answer.json()["job_id"]
        wait_until(lambda: server.status(job_id) == "completed")
        route.fulfill(response=answer)

    page.route(re.compile("/generate"), wait_for_it)
    page.click("#submit")

    expect(page.locator("#video-title")).to_be_focused()
    expect(page).to_have_title("Ready: a lighthouse – LTX-Video")  # noqa: RUF001  a dash


def test_cards_of_unfinished_jobs_are_kept_up_to_date(
    page: Page, server: Api, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = server.post()
    page.goto(f"{server.http.base_url}/gallery")
    expect(page.locator(".badge")).to_have_text("running")

    server.http.delete(f"/jobs/{job_id}")

    expect(page.locator(".badge")).to_have_text("cancelled")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()


def test_a_card_leaves_a_page_that_does_not_show_its_job_any_more(
    page: Page, server: Api, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = server.post()
    wait_until(lambda: server.status(job_id) == "running")
    page.goto(f"{server.http.base_url}/gallery?state=running")
    page.locator(".clip a").focus()

    server.http.delete(f"/jobs/{job_id}")

    expect(page.locator(".clip")).to_have_count(0)
    expect(page.locator("#main")).to_be_focused()


def test_the_error_of_an_action_goes_when_a_later_one_succeeds(page: Page, server: Api) -> None:
    server.http.post("/generate", json={"prompt": "a fox", "duration": 1, "resolution": 64})
    page.goto(f"{server.http.base_url}/gallery")
    failures = iter([True])

    def fail(route: Route) -> None:
        route.fulfill(status=502, body="") if next(failures, False) else route.continue_()

    page.route(re.compile("/jobs/[0-9a-f]+$"), fail)
    for count in (1, 0):
        page.get_by_role("button", name="Delete “a fox”").click()
        page.locator("#confirm").get_by_role("button", name="Delete").click()

        expect(page.locator(".error:visible")).to_have_count(count)
    expect(page.locator(".clip")).to_have_count(0)


def test_a_card_that_was_replaced_while_its_deletion_was_confirmed_is_removed(
    page: Page, server: Api
) -> None:
    server.http.post("/generate", json={"prompt": "a fox", "duration": 1, "resolution": 64})
    page.goto(f"{server.http.base_url}/gallery")
    page.get_by_role("button", name="Delete “a fox”").click()
    page.evaluate(
        "() => { const card = document.querySelector('.clip');"
        " card.replaceWith(card.cloneNode(true)) }"
    )

    page.locator("#confirm").get_by_role("button", name="Delete").click()

    expect(page.locator(".clip")).to_have_count(0)


@pytest.mark.parametrize(
    ("typed", "clicks", "prompt"),
    [
        ("", ["motion left"], "a shape moving left"),
        (
            "",
            ["colour red", "shape star", "background mint", "size large", "motion spinning"],
            "a large red star spinning on a mint background",
        ),
        (
            "On a navy background, a small yellow triangle spins in place",
            ["background white", "colour orange", "size large", "motion up", "shape square"],
            "On a white background, a large orange square moving up",
        ),
        (
            "a black star on a black background",
            ["colour orange"],
            "an orange star on a black background",
        ),
        ("an orange star", ["colour orange"], "a star"),
        ("A light blue ball.", ["background gray"], "A light blue ball on a gray background."),
    ],
)
def test_chips_build_the_prompt_and_replace_the_words_of_their_group(
    typed: str, clicks: list[str], prompt: str, page: Page
) -> None:
    page.fill("#prompt", typed)

    for click in clicks:
        group, word = click.split()
        page.locator(f"[data-group={group}]").get_by_role("button", name=word).click()

    expect(page.locator("#prompt")).to_have_value(prompt)


def test_chips_show_what_the_prompt_says(page: Page) -> None:
    page.fill("#prompt", "A tiny turquoise box rising against jet black")
    pressed = page.locator(".chip[aria-pressed=true]")
    expect(pressed).to_have_text(["small", "cyan", "square", "up"])
    page.fill("#prompt", "a cat on a pale green surface")
    expect(pressed).to_have_text(["mint"])


def test_pictures_move_only_where_the_reader_does_not_mind(page: Page, server: Api) -> None:
    server.http.post("/generate", json={"prompt": "a fox", "duration": 1, "resolution": 64})
    moving = page.locator("#examples img[src$='.still.webp']")
    page.reload()
    expect(moving).to_have_count(0)
    page.get_by_role("button", name="Pause the examples").click()
    expect(moving).to_have_count(6)

    page.emulate_media(reduced_motion="reduce")
    page.reload()

    expect(moving).to_have_count(6)
    picture = page.locator("#newest img").first
    picture.hover()
    expect(picture).to_have_attribute("src", re.compile("format=thumbnail"))
    page.emulate_media(reduced_motion="no-preference")
    page.mouse.move(0, 0)
    picture.hover()
    expect(picture).to_have_attribute("src", re.compile("format=webp"))
    page.mouse.move(0, 0)
    expect(picture).to_have_attribute("src", re.compile("format=thumbnail"))
