"""Refuse requests without the API key."""

import base64
import hmac
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from frontend.api.errors import ApiError, ErrorType
from frontend.api.security.addresses import client_address
from frontend.api.security.open_paths import is_open
from frontend.api.security.wrong_keys import WrongKeys


class ApiKeyMiddleware:
    """Require the API key.

    Clients send `X-API-Key: KEY`, `Authorization: Bearer KEY`, or the key as the password of HTTP
    Basic, which browsers ask their users for.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()
        self._wrong_keys = WrongKeys()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_open(scope):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Headers(scope=scope), client_address(scope))
        await (refusal.response(scope) if refusal else self._app)(scope, receive, send)

    def _refusal(self, headers: Headers, address: str) -> ApiError | None:
        given = _keys(headers)
        if given and (seconds := self._wrong_keys.retry_after(address)):
            return ApiError(
                HTTPStatus.TOO_MANY_REQUESTS,
                ErrorType.RATE_LIMITED,
                f"Too many wrong API keys; try again in {seconds} s",
                headers={"Retry-After": str(seconds), "x-should-retry": "false"},
            )
        if any(hmac.compare_digest(key, self._key) for key in given):
            return None
        if given:
            self._wrong_keys.add(address)
        return ApiError(
            HTTPStatus.UNAUTHORIZED,
            ErrorType.UNAUTHORIZED,
            "An API key is required: X-API-Key, Authorization: Bearer, or the password of "
            "Authorization: Basic",
            headers={"WWW-Authenticate": 'Basic realm="LTX-Video", charset="UTF-8"'},
        )


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
