"""The pages' scripts in a real browser, where a fault is needed. `tests/e2e` has the rest."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.frontend.api_process import running
from tests.frontend.fake_triton import FakeTriton
from tests.frontend.web.conftest import fill_form

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser_page: Page, fake_triton: FakeTriton, tmp_path: Path) -> Iterator[Page]:
    """The home page, filled in."""
    with running(fake_triton, tmp_path) as server:
        fill_form(browser_page, str(server.http.base_url))
        yield browser_page


def test_failed_polls_do_not_give_up_a_job_and_its_video_joins_the_recent_ones(page: Page) -> None:
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
    expect(page.locator("#recent")).to_contain_text("None yet.")

    page.click("#submit")

    expect(page.locator("#result")).to_be_visible(timeout=30_000)
    assert len(polls) > 2
    expect(page.locator("#recent").get_by_role("link", name="a lighthouse")).to_be_visible()
    expect(page.locator("#error")).to_be_hidden()


def test_an_error_that_is_not_json_is_shown_readably(page: Page) -> None:
    page.route(
        re.compile("/generate"),
        lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>"),
    )

    page.click("#submit")

    expect(page.locator("#error")).to_have_text("The server answered 502 Bad Gateway")


def test_a_list_that_cannot_be_refreshed_does_not_hide_the_new_video(page: Page) -> None:
    page.route(re.compile("/$"), lambda route: route.fulfill(status=502, body="Bad gateway"))

    page.click("#submit")

    expect(page.locator("#result")).to_be_visible(timeout=30_000)
    expect(page.locator("#submit")).to_be_enabled()
    expect(page.locator("#error")).to_be_hidden()
    expect(page.locator("#recent")).to_have_count(1)
