"""ASGI middleware around every endpoint: HEAD requests and the request counter."""

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontend.metrics.counters import count_request


class HeadMiddleware:
    """Answer HEAD as GET, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_head)


class RequestCounterMiddleware:
    """Count requests by the path template of their endpoint and the status of the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        counted = False

        async def send_counted(message: Message) -> None:
            nonlocal counted
            if message["type"] == "http.response.start":
                count_request(_endpoint(scope), message["status"])
                counted = True
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        except Exception:
            if not counted:  # an outer middleware answers
                count_request(_endpoint(scope), HTTPStatus.INTERNAL_SERVER_ERROR)
            raise


def _endpoint(scope: Scope) -> str:
    # The template, never the path that the client wrote: labels must stay few.
    route = scope.get("route")
    return route.path if route else scope.get("root_path") or "none"
