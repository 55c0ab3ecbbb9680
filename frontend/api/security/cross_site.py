"""Refuse requests from the pages of other sites (CSRF)."""

from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from frontend.api.errors import ApiError, ErrorType

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_OWN_SITES = ("same-origin", "none")  # "none": the user's own doing


class CrossSiteMiddleware:
    """Let only this service's pages, trusted origins and clients other than browsers change things.

    Browsers tell by `Sec-Fetch-Site`; old ones, and all over plain HTTP, only by `Origin`.
    """

    def __init__(self, app: ASGIApp, trusted_origins: Collection[str] = ()) -> None:
        """Trust pages of these origins, such as https://example.org, or * for all."""
        self._app = app
        self._trusted = frozenset(trusted_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] in _SAFE_METHODS
            or self._accepts(Headers(scope=scope))
        ):
            await self._app(scope, receive, send)
            return
        refusal = ApiError(
            HTTPStatus.FORBIDDEN,
            ErrorType.FORBIDDEN,
            "Requests from the pages of other sites are not accepted, except those in CORS_ORIGINS",
        )
        await refusal.response(scope)(scope, receive, send)

    def _accepts(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if "*" in self._trusted or origin in self._trusted:
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in _OWN_SITES
        return origin is None or urlsplit(origin).netloc == headers.get("host", "").lower()
