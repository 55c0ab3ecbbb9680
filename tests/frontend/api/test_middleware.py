from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from frontend.api.middleware import RequestCounterMiddleware, UnexpectedErrorMiddleware
from frontend.metrics.counters import counts
from tests.frontend.api_process import running
from tests.frontend.conftest import post, wait_for
from tests.frontend.fake_triton import FakeTriton
from tests.frontend.metrics.page import Growth

PATHS = ["/", "/health", "/model-status", "/docs", "/openapi.json", "/static/style.css",
         "/status/{job_id}", "/preview/{job_id}", "/download/{job_id}"]  # fmt: skip


def test_head_is_answered_like_get_without_the_body(api: TestClient) -> None:
    job_id = post(api)
    wait_for(api, job_id, "completed")

    for path in (path.format(job_id=job_id) for path in PATHS):
        whole, head = api.get(path), api.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["Content-Type"] == whole.headers["Content-Type"], path
        assert head.headers["Content-Length"] == whole.headers["Content-Length"], path


@pytest.mark.parametrize(("path", "status"), [("/status/00000000", 404), ("/generate", 405)])
def test_head_is_refused_like_get(path: str, status: int, api: TestClient) -> None:
    assert api.head(path).status_code == status


def test_a_connection_serves_on_after_head(fake_triton: FakeTriton, tmp_path: Path) -> None:
    with running(fake_triton, tmp_path) as server:
        for _ in range(2):
            assert server.http.head("/").content == b""
            assert server.http.get("/health").json()["status"] == "healthy"


REQUESTS = "ltx_http_requests_total"


def fail(request: Request) -> Response:
    raise RuntimeError("a bug")


def break_off(request: Request) -> Response:
    def body() -> Iterator[bytes]:
        yield b"a part"
        raise RuntimeError("a bug")

    return StreamingResponse(body())


CLIENT = TestClient(
    Starlette(
        routes=[Route("/fail", fail), Route("/break_off", break_off)],
        middleware=[Middleware(RequestCounterMiddleware)],
    )
)


@pytest.mark.parametrize(("path", "status"), [("/fail", 500), ("/break_off", 200)])
def test_a_request_that_fails_is_counted_once_with_the_status_it_was_answered_with(
    path: str, status: int
) -> None:
    growth = Growth(lambda: counts().decode())
    with pytest.raises(RuntimeError, match="a bug"):
        CLIENT.get(path)
    counted = {code: growth(REQUESTS, endpoint=path, status=code) for code in (200, 500)}
    assert counted == {200: float(status == 200), 500: float(status == 500)}


GUARDED = TestClient(
    Starlette(
        routes=[Route("/fail", fail), Route("/break_off", break_off)],
        middleware=[Middleware(UnexpectedErrorMiddleware)],
    )
)


def test_an_unexpected_error_is_answered_and_logged_and_goes_no_further(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = GUARDED.get("/fail")

    assert answer.status_code == 500
    assert answer.json()["error_type"] == "internal_error"
    [record] = caplog.records
    assert record.getMessage() == "GET /fail failed"
    assert record.exc_info


def test_an_answer_that_breaks_off_ends_the_connection() -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        GUARDED.get("/break_off")
