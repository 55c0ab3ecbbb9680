"""The parameter `callback_url`: what is refused before there is a job."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from frontend.jobs.store import JobFilter
from tests.frontend.conftest import SMALL, StartApi
from tests.frontend.webhooks.receiver import SECRET


@pytest.fixture
def api(start_api: StartApi) -> TestClient:
    return start_api(webhook_secret=SECRET)


def refused(api: TestClient, url: str) -> str:
    response = api.post("/generate", json={**SMALL, "callback_url": url})
    assert response.status_code == 400, response.text
    assert response.json()["error_type"] == "validation_error"
    assert not api.app.state.services.store.find(JobFilter(), 1).jobs  # type: ignore[attr-defined]
    detail: str = response.json()["detail"]
    return detail


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("example.org/hook", "callback_url must begin with http:// or https://"),
        ("https://example.org/#part", "callback_url must not have a fragment (#)"),
        (
            "https://u:secret@example.org/",
            "callback_url must not hold a user or a password; events are signed instead",
        ),
        (
            "http://169.254.169.254/latest",
            "callback_url leads to 169.254.169.254, which is no public address; "
            "WEBHOOK_PRIVATE_ADDRESSES=true allows such",
        ),
        (
            f"https://example.org/{'a' * 2000}",
            "callback_url cannot exceed 2000 characters; it has 2020",
        ),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, complaint: str, api: TestClient) -> None:
    assert refused(api, url) == complaint


def test_a_server_that_cannot_sign_takes_none(start_api: StartApi) -> None:
    assert refused(start_api(), "https://example.org/") == (
        "callback_url cannot be used here: the server has no WEBHOOK_SECRET to sign events with"
    )


@pytest.mark.parametrize("way", ["params", "data", "json"])
def test_it_is_taken_from_query_form_and_json_and_shown(way: str, api: TestClient) -> None:
    url = f"https://example.org/{'a' * 1980}"
    given: dict[str, Any] = {way: {**SMALL, "callback_url": url}}
    job = api.post("/generate", **given).json()

    status = api.get(f"/jobs/{job['job_id']}").json()

    assert (status["callback_url"], status["webhook"]) == (url, "pending")
    api.delete(f"/jobs/{job['job_id']}")


def test_another_url_makes_another_request_of_the_same_key(api: TestClient) -> None:
    key = {"Idempotency-Key": "1"}
    first, again, other = (
        api.post("/generate", json={**SMALL, "callback_url": f"https://example.org/{path}"},
                 headers=key)
        for path in ("a", "a", "b")
    )  # fmt: skip

    assert first.json()["job_id"] == again.json()["job_id"]
    assert other.status_code == 422
