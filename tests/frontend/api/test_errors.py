import re

import pytest
from starlette.testclient import TestClient

from frontend.api.errors import ErrorType
from frontend.jobs.model import FailureKind
from frontend.jobs.store import JobStore
from tests.frontend.conftest import SMALL, StartApi, post, wait_for

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("method", "path", "status", "error_type"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/static/nowhere.js", 404, "not_found"),
        ("GET", "/static/../app.py", 404, "not_found"),
        ("GET", "/generate", 405, "method_not_allowed"),
        ("DELETE", "/health", 405, "method_not_allowed"),
        # A redirect would lead from https:// to http://.
        ("GET", "/health/", 404, "not_found"),
        ("POST", "/generate/", 404, "not_found"),
        ("GET", "/status/00000000/", 404, "not_found"),
    ],
)
def test_errors_of_the_router_have_the_documented_body(
    method: str, path: str, status: int, error_type: str, api: TestClient
) -> None:
    response = api.request(method, path)
    assert response.status_code == status
    assert response.json().keys() == {"detail", "error_type"}
    assert response.json()["error_type"] == error_type
    assert path.rsplit("/", maxsplit=1)[-1] in response.json()["detail"]


def test_an_unexpected_error_is_a_500_that_tells_nothing_of_the_inside(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("some inner detail")

    monkeypatch.setattr(JobStore, "get", broken)
    response = api.get("/status/00000000")
    assert response.status_code == 500
    assert response.json() == {
        "detail": "Internal server error; the log of the server says more",
        "error_type": "internal_error",
    }


def test_every_kind_of_failure_is_a_documented_error_type() -> None:
    assert {*FailureKind} <= {*ErrorType}


def test_what_the_client_wrote_is_repeated_only_in_part(api: TestClient) -> None:
    for path in (f"/status/{'a' * 5000}", f"/{'a' * 5000}", "/status/%00%ff"):
        answer = api.get(path)
        assert answer.status_code == 404
        assert len(answer.content) < 300


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/jobs/0", "DELETE, GET"),
        ("/v1/videos", "GET, POST"),
        ("/generate", "POST"),
        ("/jobs/0/events", "GET"),
    ],
)
def test_a_refused_method_is_answered_with_all_that_the_path_has(
    path: str, allowed: str, api: TestClient
) -> None:
    answer = api.patch(path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize(
    ("method", "path", "status", "heading"),
    [
        ("GET", "/nowhere", 404, "There is nothing here"),
        ("GET", "/static/nowhere.js", 404, "There is nothing here"),
        ("GET", "/preview/unknown", 404, "There is nothing here"),
        ("GET", "/download/unknown?format=avi", 422, "This request was refused"),
        ("GET", "/generate", 405, "This is not a page"),
        ("POST", "/generate?prompt=", 400, "This request was refused"),
    ],
)
def test_a_browser_gets_a_page_that_says_what_happened_and_leads_on(
    method: str, path: str, status: int, heading: str, api: TestClient
) -> None:
    page = api.request(method, path, headers=BROWSER)
    detail = api.request(method, path).json()["detail"]

    assert page.status_code == status
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert f"<h1>{heading}</h1>" in page.text
    assert detail.replace("'", "&#39;") in page.text
    [base] = re.findall(r'<base href="([^"]*)"', page.text)
    assert api.get(base).status_code == 200


def test_what_a_browser_asked_for_is_shown_and_never_executed(api: TestClient) -> None:
    page = api.get("/<script>alert(1)</script>", headers=BROWSER)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_an_answer_says_that_it_depends_on_what_was_accepted(api: TestClient) -> None:
    for headers in ({}, BROWSER):
        assert "Accept" in api.get("/nowhere", headers=headers).headers["Vary"].split(", ")


def test_below_v1_everybody_gets_the_body_of_openai(api: TestClient) -> None:
    for path in ("/v1/nowhere", "/v1/videos/video_0"):
        assert api.get(path, headers=BROWSER).json().keys() == {"error"}


def test_headers_of_an_error_come_with_its_page(start_api: StartApi) -> None:
    api = start_api(enable_rate_limit=True, rate_limit_per_minute=1)
    post(api)

    page = api.post("/generate", json=SMALL, headers=BROWSER)

    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) > 0
    assert "Too many requests" in page.text


def test_a_page_of_another_site_that_sends_a_form_gets_a_page(api: TestClient) -> None:
    headers = {**BROWSER, "Sec-Fetch-Site": "cross-site"}
    page = api.post("/generate", data=SMALL, headers=headers)
    assert page.status_code == 403
    assert "This is not allowed" in page.text


def test_an_unexpected_error_and_a_lost_video_are_pages_in_a_browser(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = post(api)
    wait_for(api, job_id, "completed")
    [video] = api.app.state.services.folder.path.glob("*.mp4")  # type: ignore[attr-defined]
    video.unlink()
    assert "Video file missing" in api.get(f"/download/{job_id}", headers=BROWSER).text

    monkeypatch.setattr(JobStore, "get", lambda *_: 1 / 0)
    page = api.get(f"/preview/{job_id}", headers=BROWSER)
    assert page.status_code == 500
    assert "The server could not answer" in page.text


def test_below_a_path_of_a_proxy_the_page_leads_there(start_api: StartApi) -> None:
    api = start_api(root_path="/video")
    for path in ("/video/nowhere", "/video/static/nowhere.js"):
        assert '<base href="/video/">' in api.get(path, headers=BROWSER).text
