"""Collect request parameters from query, urlencoded form, multipart form or JSON."""

import asyncio
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NoReturn, get_args
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.types import Message

from frontend.api.errors import ApiError, ErrorType, bad_request, bad_value, shorten

_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
JSON = "application/json"
BODY_TYPES = (_URLENCODED, _MULTIPART, JSON)
_MAX_BODY_SIZE = 256 * 1024  # bytes; the longest prompt fits in any encoding
_INTEGER = re.compile(r"[+-]?[0-9]{1,1000}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,1000}(\.[0-9]{0,1000})?([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True,
             "false": False, "0": False, "no": False, "off": False}  # fmt: skip

_BODY_TIMEOUT = 30.0  # seconds


async def read_values(
    request: Request,
    model: type[BaseModel],
    aliases: Mapping[str, str] = MappingProxyType({}),
    *,
    ignore_unknown: bool = False,
    refused: Collection[str] = (),
    body_timeout: float = _BODY_TIMEOUT,
) -> dict[str, Any]:
    """Collect the fields of `model` from query, form and JSON, each parsed as its type.

    Optional fields may be empty or null, as a form sends those that were not filled in.

    Args:
        aliases: other names of fields.
        ignore_unknown: leave out what is no field, instead of refusing it,
        refused: except for these names and their parts, such as `name[part]`.

    Raises:
        ApiError: 422 for a name that is no field, a value of the wrong type, or two different
            values for one name; 408 and 413 for a body that is late or too large.
    """
    sent = await sent_values(request, body_timeout)
    return parse_values(sent, model, aliases, ignore_unknown=ignore_unknown, refused=refused)


async def sent_values(
    request: Request, body_timeout: float = _BODY_TIMEOUT
) -> list[tuple[str, Any]]:
    """Read the names and values of query and body, as they were sent."""
    return [*request.query_params.multi_items(), *await _body(request, body_timeout)]


def parse_values(
    sent_values: Iterable[tuple[str, Any]],
    model: type[BaseModel],
    aliases: Mapping[str, str] = MappingProxyType({}),
    *,
    ignore_unknown: bool = False,
    refused: Collection[str] = (),
) -> dict[str, Any]:
    """Parse each value as the type of its field: see `read_values`."""
    fields = model.model_fields
    values: dict[str, Any] = {}
    for sent, given in sent_values:
        name = aliases.get(sent, sent)
        if name not in fields:
            base = sent.partition("[")[0]
            if given not in (None, "") and base in refused:
                raise bad_value(f"{base} is not supported by this model", base)
            if ignore_unknown:
                continue
            raise bad_request(
                f"Unknown parameter {sent[:100]!r}; allowed are {', '.join((*fields, *aliases))}"
            )
        if not fields[name].is_required() and given in (None, ""):
            continue
        value = _parser(fields[name].annotation)(sent, given)
        if name in values and values[name] != value:
            raise bad_request(
                f"{name} is given twice with different values: "
                f"{shorten(repr(values[name]))} and {shorten(repr(value))}",
                name,
            )
        values[name] = value
    return values


def parse_str(name: str, given: Any) -> str:
    """Accept Unicode text that can be stored and sent on."""
    if not isinstance(given, str):
        raise _wrong_type(name, given, "a string")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise _wrong_type(name, given, "valid Unicode text") from None
    if "\0" in given:
        raise _wrong_type(name, given, "text without NUL characters")
    return given


def parse_int(name: str, given: Any) -> int:
    """Accept a whole number, in JSON or as text."""
    if isinstance(given, str) and _INTEGER.fullmatch(given.strip()):
        return int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, float) and given.is_integer():
        return int(given)
    raise _wrong_type(name, given, "an integer")


def parse_float(name: str, given: Any) -> float:
    """Accept a number, in JSON or as text."""
    text = str(given).strip()
    if not isinstance(given, str | int | float) or not _NUMBER.fullmatch(text):
        raise _wrong_type(name, given, "a number")
    return float(text)


def parse_bool(name: str, given: Any) -> bool:
    """Accept true or false, in JSON or as text."""
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.strip().lower() in _BOOLEANS:
        return _BOOLEANS[given.strip().lower()]
    raise _wrong_type(name, given, "true or false")


_PARSERS: dict[Any, Callable[[str, Any], Any]] = {
    str: parse_str,
    int: parse_int,
    float: parse_float,
    bool: parse_bool,
}


def _parser(annotation: Any) -> Callable[[str, Any], Any]:
    """The parser of a type, or of one that may be None as well."""
    return _PARSERS[next((each for each in get_args(annotation) if each in _PARSERS), annotation)]


async def _body(request: Request, seconds: float) -> list[tuple[str, Any]]:
    try:
        async with asyncio.timeout(seconds):
            body = await _read_limited(request)
    except TimeoutError:
        raise ApiError(
            HTTPStatus.REQUEST_TIMEOUT,
            ErrorType.VALIDATION,
            f"The body did not arrive within {seconds:g} seconds",
        ) from None
    if not body:
        return []
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise bad_request(
            f"Content-Encoding {encoding[:100]!r} is not supported; send the body as it is"
        )
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == _URLENCODED:
        return _urlencoded(body)
    if content_type == _MULTIPART:
        return await _multipart(request, body)
    if content_type == JSON:
        return _json_object(body)
    raise bad_request(
        f"Content-Type {content_type[:100]!r} is not supported; allowed are {', '.join(BODY_TYPES)}"
    )


async def _read_limited(request: Request) -> bytes:
    # Not the route's max_body_size, whose answer is plain text.
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_SIZE:
            raise ApiError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                ErrorType.VALIDATION,
                f"The body cannot exceed {_MAX_BODY_SIZE} bytes",
            )
    return bytes(body)


def _urlencoded(body: bytes) -> list[tuple[str, Any]]:
    # Starlette decodes as Latin-1 what clients such as curl send as plain UTF-8.
    try:
        return list(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError as error:
        raise bad_request("The form is not UTF-8; send it as UTF-8") from error


async def _multipart(request: Request, body: bytes) -> list[tuple[str, Any]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, receive).form() as form:
            items = list(form.multi_items())
    except HTTPException as error:
        raise bad_request(f"The form cannot be read: {error.detail}") from error
    for name, value in items:
        if isinstance(value, UploadFile):
            raise bad_request(f"{name[:100]} is a file; this model reads text alone", name[:100])
    try:
        body.decode()  # Starlette has taken other bytes for Latin-1
    except UnicodeDecodeError as error:
        raise bad_request("The form is not UTF-8; send it as UTF-8") from error
    return items


def _json_object(body: bytes) -> list[tuple[str, Any]]:
    try:
        pairs = json.loads(body, object_pairs_hook=_Pairs, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise bad_request("The body is not UTF-8; send JSON as UTF-8") from error
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
    return bad_request(f"{name} must be {allowed}, not {shorten(repr(given))}", name)
