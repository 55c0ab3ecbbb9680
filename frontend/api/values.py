"""Values of a request by name, wherever they stand: query, urlencoded, multipart or JSON."""

import asyncio
import json
import re
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import Message

from frontend.api.errors import ApiError, ErrorType, bad_request

_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_JSON = "application/json"
BODY_TYPES = (_URLENCODED, _MULTIPART, _JSON)
_MAX_BODY = 256 * 1024  # bytes; the longest prompt fits, however it is encoded
_BODY_TIMEOUT = 30.0  # seconds
_INTEGER = re.compile(r"[+-]?[0-9]{1,1000}")
_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True,
             "false": False, "0": False, "no": False, "off": False}  # fmt: skip

Parse = Callable[[str, Any], Any]


async def read_values(
    request: Request, parsers: Mapping[str, Parse], required: Collection[str]
) -> dict[str, Any]:
    """Every parameter of the request, parsed; those not `required` may be empty or null.

    Raises:
        ApiError: 422 for a name that is not in `parsers`, a value of the wrong type, or two
            different values for the same name.
    """
    values: dict[str, Any] = {}
    for name, given in [*request.query_params.multi_items(), *await _body(request)]:
        if name not in parsers:
            raise bad_request(f"Unknown parameter {name[:100]!r}; allowed are {', '.join(parsers)}")
        if name not in required and given in (None, ""):
            continue  # left open, as a form does with a field that was not filled in
        value = parsers[name](name, given)
        if name in values and values[name] != value:
            raise bad_request(
                f"{name} is given twice with different values: "
                f"{shown(values[name])} and {shown(value)}"
            )
        values[name] = value
    return values


def as_text(name: str, given: Any) -> str:
    """A string that can be stored and sent on."""
    if not isinstance(given, str):
        raise _wrong_type(name, given, "a string")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise _wrong_type(name, given, "valid Unicode text") from None
    if "\0" in given:
        raise _wrong_type(name, given, "text without NUL characters")
    return given


def as_integer(name: str, given: Any) -> int:
    """A whole number, in JSON or as text."""
    if isinstance(given, str) and _INTEGER.fullmatch(given.strip()):
        return int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, float) and given.is_integer():
        return int(given)
    raise _wrong_type(name, given, "an integer")


def as_boolean(name: str, given: Any) -> bool:
    """True or false, in JSON or as text."""
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.strip().lower() in _BOOLEANS:
        return _BOOLEANS[given.strip().lower()]
    raise _wrong_type(name, given, "true or false")


def shown(value: Any) -> str:
    """A value as an error message shows it: not longer than is useful."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


async def _body(request: Request) -> list[tuple[str, Any]]:
    try:
        async with asyncio.timeout(_BODY_TIMEOUT):
            body = await _read_limited(request)
    except TimeoutError:
        raise ApiError(
            HTTPStatus.REQUEST_TIMEOUT,
            ErrorType.VALIDATION,
            f"The body did not arrive within {_BODY_TIMEOUT:g} seconds",
        ) from None
    if not body:
        return []
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == _URLENCODED:
        return _urlencoded(body)
    if content_type == _MULTIPART:
        return await _multipart(request, body)
    if content_type == _JSON:
        return _json_object(body)
    raise bad_request(
        f"Content-Type {content_type[:100]!r} is not supported; allowed are {', '.join(BODY_TYPES)}"
    )


async def _read_limited(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise ApiError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                ErrorType.VALIDATION,
                f"The body cannot exceed {_MAX_BODY} bytes",
            )
    return bytes(body)


def _urlencoded(body: bytes) -> list[tuple[str, Any]]:
    # Not by Starlette, which reads as Latin-1 what clients such as curl send as plain UTF-8.
    try:
        return list(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError as error:
        raise bad_request("The form is not UTF-8") from error


async def _multipart(request: Request, body: bytes) -> list[tuple[str, Any]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        form = await Request(request.scope, receive).form()
    except HTTPException as error:
        raise bad_request(f"The form cannot be read: {error.detail}") from error
    return list(form.multi_items())


def _json_object(body: bytes) -> list[tuple[str, Any]]:
    try:
        pairs = json.loads(body, object_pairs_hook=_Pairs, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"The body is not valid JSON: {error}") from error
    if not isinstance(pairs, _Pairs):
        raise bad_request("The body must be a JSON object of parameters")
    return list(pairs)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with its repeated names."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed")


def _wrong_type(name: str, given: Any, allowed: str) -> ApiError:
    return bad_request(f"{name} must be {allowed}, not {shown(given)}")
