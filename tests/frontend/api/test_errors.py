import pytest
from starlette.testclient import TestClient

from frontend.api.errors import ErrorType
from frontend.jobs.model import FailureKind
from frontend.jobs.store import JobStore


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
