"""Refuse requests for names that are not this service's."""

import socket
from collections.abc import Collection
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from frontend.api.errors import ApiError, ErrorType, shorten
from frontend.api.security.open_paths import is_open

_LOCAL = ("localhost", "*.localhost")


class HostMiddleware:
    """Require a `Host` that is an address, this machine's name, or one that the operator names.

    Any other name may be one that its owner has pointed at this service, so that the pages of his
    site could use it with their visitors' browsers (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        """Allow `names` besides: example.org, *.example.org for all below it, * for every one."""
        self._app = app
        self._names = {*_LOCAL, socket.gethostname().lower(), *(name.lower() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_open(scope):
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if not host or self._allows(host):  # every browser sends one
            await self._app(scope, receive, send)
            return
        refusal = ApiError(
            HTTPStatus.FORBIDDEN,
            ErrorType.FORBIDDEN,
            f"The host {shorten(host)!r} is not known here: use an address or localhost, or have "
            "the name added to ALLOWED_HOSTS",
        )
        await refusal.response(scope)(scope, receive, send)

    def _allows(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:  # brackets around what is no address
            return False
        return _is_address(name) or any(_matches(name, allowed) for allowed in self._names)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _matches(name: str, allowed: str) -> bool:
    if allowed.startswith("*"):
        return name.endswith(allowed[1:])
    return name == allowed
