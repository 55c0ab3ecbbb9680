"""Counts every request that is answered."""

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontend.metrics.counters import count_request


class RequestCounterMiddleware:
    """Counts requests by the template of their endpoint and the status of their answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
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
            if not counted:  # answered further out
                count_request(_endpoint(scope), HTTPStatus.INTERNAL_SERVER_ERROR)
            raise


def _endpoint(scope: Scope) -> str:
    """The template of what the router has chosen, never what the client has written."""
    route = scope.get("route")
    return route.path if route else scope.get("root_path") or "none"
