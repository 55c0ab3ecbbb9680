"""The Idempotency-Key of a request: the same key and contents find the same job."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Request

from frontend.api.errors import ApiError, ErrorType, bad_request
from frontend.jobs.model import MAX_KEY_LENGTH

HEADER = "Idempotency-Key"
PATTERN = rf"^[!-~]([ -~]{{0,{MAX_KEY_LENGTH - 2}}}[!-~])?$"


@dataclass(frozen=True)
class RequestIdentity:
    """What makes two requests the same one; without a key every request is another."""

    key: str | None
    sha256: str | None  # of the endpoint and the parameters


def identity(request: Request, parameters: Mapping[str, Any]) -> RequestIdentity:
    """Read the key and hash what the client has sent, before anything is drawn for it.

    Raises:
        ApiError: 422, the key is no such key.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return RequestIdentity(None, None)
    if not re.fullmatch(PATTERN, key):
        raise bad_request(
            f"{HEADER} must be 1 to {MAX_KEY_LENGTH} printable ASCII characters", HEADER
        )
    contents = json.dumps([request.url.path, dict(parameters)], sort_keys=True, default=str)
    return RequestIdentity(key, hashlib.sha256(contents.encode()).hexdigest())


def key_reused(key: str) -> ApiError:
    """422, as the draft of the header's standard has it."""
    return ApiError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ErrorType.VALIDATION,
        f"The {HEADER} {key[:100]!r} belongs to a request with other parameters; send a new key",
        parameter=HEADER,
    )
