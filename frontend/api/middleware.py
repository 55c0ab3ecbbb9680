"""ASGI middleware around every endpoint: HEAD requests, the request counter, unexpected errors."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontend.api.errors import internal_error
from frontend.metrics.counters import count_request

_CLIENT_CLOSED_REQUEST = 499  # nginx's, for the counter: nobody reads this answer

_EVENT_STREAMS = "/events"  # the end of their paths

_log = logging.getLogger(__name__)


class HeadMiddleware:
    """Answer HEAD as GET, without the body, except for event streams: they take long to end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] != "HEAD"
            or scope["path"].endswith(_EVENT_STREAMS)
        ):
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_head)


class _Answer:
    """Send messages on, and note when the answer starts."""

    def __init__(self, send: Send, on_start: Callable[[int], None] = lambda _: None) -> None:
        """Call `on_start` with the status."""
        self.started = False
        self._send = send
        self._on_start = on_start

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._on_start(message["status"])
            self.started = True
        await self._send(message)


class RequestCounterMiddleware:
    """Count requests by the path template of their endpoint and the status of the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        answer = _Answer(send, lambda status: count_request(_endpoint(scope), status))
        try:
            await self._app(scope, receive, answer)
        except Exception:
            if not answer.started:  # an outer middleware answers
                count_request(_endpoint(scope), HTTPStatus.INTERNAL_SERVER_ERROR)
            raise


class UnexpectedErrorMiddleware:
    """Answer an unexpected error with 500 on a connection that goes on; Starlette would drop it.

    A client that hangs up while it sends its body is none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        answer = _Answer(send)
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            _log.info("The client hung up during %s %s", scope["method"], _endpoint(scope))
            await Response(status_code=_CLIENT_CLOSED_REQUEST)(scope, receive, send)
        except Exception:
            if answer.started:  # the client can only learn of it by the end of the connection
                raise
            _log.exception("%s %s failed", scope["method"], _endpoint(scope))
            await internal_error().response(scope)(scope, receive, send)


def _endpoint(scope: Scope) -> str:
    # The template, never the path that the client wrote: labels must stay few.
    route = scope.get("route")
    if route:
        return str(route.path)
    root: str = scope.get("root_path", "")
    # That of a mounted application is below the root of this one.
    return root.removeprefix(scope.get("app_root_path", root)) or "none"
