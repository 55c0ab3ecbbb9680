"""ASGI middleware that refuses requests: without the API key, or from pages of other sites."""

import base64
import hmac
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from frontend.api.errors import ApiError, ErrorType

_OPEN_PATHS = ("/health", "/metrics")


class CrossSiteMiddleware:
    """Reject cross-site requests (CSRF)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in ("GET", "HEAD", "OPTIONS")
            and Headers(scope=scope).get("sec-fetch-site") == "cross-site"
        ):
            refusal = ApiError(
                HTTPStatus.FORBIDDEN,
                ErrorType.FORBIDDEN,
                "Requests from the pages of other sites are not accepted",
            )
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)


class ApiKeyMiddleware:
    """Require the API key.

    Clients send `X-API-Key: KEY`, `Authorization: Bearer KEY`, or the key as the password of HTTP
    Basic, which browsers ask their users for.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _OPEN_PATHS or self._has_key(scope):
            await self._app(scope, receive, send)
            return
        response = ApiError(
            HTTPStatus.UNAUTHORIZED,
            ErrorType.UNAUTHORIZED,
            "An API key is required: X-API-Key, Authorization: Bearer, or the password of "
            "Authorization: Basic",
            headers={"WWW-Authenticate": 'Basic realm="Video generation API", charset="UTF-8"'},
        ).response()
        await response(scope, receive, send)

    def _has_key(self, scope: Scope) -> bool:
        given = _keys(Headers(scope=scope))
        return any(hmac.compare_digest(key, self._key) for key in given)


def _keys(headers: Headers) -> list[bytes]:
    keys = [headers["x-api-key"].encode("latin-1")] if "x-api-key" in headers else []
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer":
        keys.append(credentials.encode("latin-1"))
    elif scheme.lower() == "basic":
        try:
            _, _, password = base64.b64decode(credentials, validate=True).partition(b":")
            keys.append(password)
        except ValueError:  # not base64, or not even ASCII
            pass
    return keys
