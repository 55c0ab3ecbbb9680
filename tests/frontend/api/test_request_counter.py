"""Answers that break off; the others are counted in what the routes' tests ask."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from frontend.api.request_counter import RequestCounterMiddleware
from frontend.metrics.counters import counts
from tests.frontend.metrics.page import Growth

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
