"""The page of an error: what happened, what to do, ways on."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from frontend.web.pages import render

_CLIENT_ERROR = ("This request was refused", "Go back, change it and try again.")
_SERVER_ERROR = (
    "The server could not answer",
    "Try again in a minute. If that does not help, the server's log says what failed.",
)
_TEXTS = {
    HTTPStatus.UNAUTHORIZED: (
        "An API key is needed",
        "Reload this page and give the key as the password; any user name will do.",
    ),
    HTTPStatus.FORBIDDEN: ("This is not allowed", "Ask the operator of the service."),
    HTTPStatus.NOT_FOUND: (
        "There is nothing here",
        "The address may be mistyped, or the video has been deleted or has expired.",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "This is not a page",
        "The address belongs to the API, and its documentation says how to call it.",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: ("Too many requests", "Wait, then reload this page."),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Not ready", "Reload this page in a few seconds."),
    HTTPStatus.INSUFFICIENT_STORAGE: (
        "The disk is full",
        "Delete videos that are no longer needed, or ask the operator to free space.",
    ),
}


def error_page(scope: Scope, status: HTTPStatus, detail: str) -> Response:
    """Render the answer to a request of this scope."""
    heading, advice = _TEXTS.get(status) or (
        _SERVER_ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _CLIENT_ERROR
    )
    root = scope.get("app_root_path", scope.get("root_path", ""))  # also inside a mount
    return render(
        # Without headers: a host may be one that is in no address.
        Request({**scope, "root_path": root, "headers": []}),
        "error.html",
        status,
        heading=heading,
        detail=detail,
        advice=advice,
    )
