"""The URL that a client wants its events at."""

import re

import httpx

from frontend.webhooks.addresses import Address, is_public, numeric_address

MAX_URL_LENGTH = 2000

_NAME = re.compile(r"([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_MAX_NAME_LENGTH = 253
_MAX_PORT = 65535


class CallbackUrlError(ValueError):
    """Events cannot be sent there; the message goes on after the name of the parameter."""


def parse_url(text: str, *, allow_private: bool) -> httpx.URL:
    """Parse an http or https URL; a name in it is not resolved.

    Raises:
        CallbackUrlError: it is no such URL, or its host is an address that is not allowed.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise CallbackUrlError(f"is no URL: {error}") from None
    if url.scheme not in ("http", "https"):
        raise CallbackUrlError("must begin with http:// or https://")
    if url.userinfo:
        raise CallbackUrlError("must not hold a user or a password; events are signed instead")
    if "#" in text:
        raise CallbackUrlError("must not have a fragment (#)")
    if url.port is not None and not 0 < url.port <= _MAX_PORT:
        raise CallbackUrlError(f"must have a port from 1 to {_MAX_PORT}, not {url.port}")
    host = url.raw_host.decode()
    if address := numeric_address(host):
        require_allowed([address], allow_private=allow_private)
    elif not (_NAME.fullmatch(host) and len(host) <= _MAX_NAME_LENGTH):
        raise CallbackUrlError(f"must name a host, not {host[:100]!r}")
    return url


def require_allowed(addresses: list[Address], *, allow_private: bool) -> None:
    """Raise a CallbackUrlError if one of a host's addresses is not of the internet."""
    for address in addresses:
        if not allow_private and not is_public(address):
            raise CallbackUrlError(
                f"leads to {address}, which is no public address; "
                "WEBHOOK_PRIVATE_ADDRESSES=true allows such"
            )
