"""Read and check the parameters of a request for a video."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from frontend.api.errors import ApiError, bad_request, bad_value, shorten
from frontend.api.idempotency import RequestIdentity, identity
from frontend.api.values import read_values
from frontend.api.video_fields import ALIASES, VideoFields, allowed_values, schemas
from ltx_triton.video_spec import MAX_PROMPT_LENGTH, VideoSpec

# The documented texts; any other range is described from the field.
_TEXTS = {
    ("prompt", "blank"): "Prompt cannot be empty",
    ("prompt", "string_too_short"): "Prompt cannot be empty",
    ("duration", "greater_than_equal"): "Duration must be a positive number",
    ("duration", "less_than_equal"): "Duration cannot exceed {le} seconds",
    ("callback_url", "callback_url"): "callback_url {problem}",
}
_TOO_LONG = "{subject} cannot exceed {max_length} characters; it has {length}"
_SIZE = "WIDTHxHEIGHT in pixels, such as 672x384"

_Fields = TypeVar("_Fields", bound=BaseModel)


class GenerateRequest(VideoFields):
    """Parameters of `POST /generate`."""

    wait: bool = Field(True, title="Wait", description="false: answer at once with a job to follow")


class QuoteRequest(GenerateRequest):
    """Parameters of `GET /quote`."""

    prompt: str = Field(
        "any",
        title="Prompt",
        max_length=MAX_PROMPT_LENGTH,
        description="May be left out: every prompt takes the same time",
    )


@dataclass(frozen=True)
class VideoRequest(Generic[_Fields]):
    fields: _Fields
    identity: RequestIdentity


async def read_request(
    request: Request,
    model: type[_Fields],
    *,
    ignore_unknown: bool = False,
    refused: Collection[str] = (),
) -> VideoRequest[_Fields]:
    """Read and check the parameters of a request.

    Args:
        refused: unknown names that are refused even if others are ignored.

    Raises:
        ApiError: 422 when they cannot be understood, 400 when they are out of range.
    """
    values = await read_values(
        request, model, ALIASES, ignore_unknown=ignore_unknown, refused=refused
    )
    return check_values(request, values, model)


def check_values(
    request: Request, values: dict[str, Any], model: type[_Fields]
) -> VideoRequest[_Fields]:
    """Check what was read already.

    Raises:
        ApiError: 400, a value is out of range; 422, one is missing.
    """
    try:
        fields = model.model_validate(values)
    except ValidationError as error:
        raise _api_error(error.errors()[0], model) from error
    return VideoRequest(fields, identity(request, values))


def require_limits(spec: VideoSpec, model: type[VideoFields]) -> VideoSpec:
    """Return the spec of an earlier job if a request may ask for it now.

    Raises:
        ApiError: 400, the settings have become tighter.
    """
    given = {"fps": int(spec.frame_rate), **spec.model_dump(exclude={"frame_rate"})}
    try:
        model.model_validate(given)
    except ValidationError as error:
        raise _api_error(error.errors()[0], model) from error
    return spec


def _api_error(problem: ErrorDetails, model: type[BaseModel]) -> ApiError:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "missing":
        return bad_request(f"{name} is missing; it is a string that describes the video", name)
    context: dict[str, Any] = problem.get("ctx", {})
    if problem["type"] == "string_too_long":
        length = len(problem["input"])
        return bad_value(_TOO_LONG.format(subject=_subject(name), length=length, **context), name)
    if text := _TEXTS.get((name, problem["type"])):
        return bad_value(text.format_map(context), name)
    if not name:
        return bad_value(problem["msg"])
    given = shorten(repr(problem["input"]).removesuffix(".0"))
    allowed = allowed_values(schemas(model)[name]) or _SIZE
    return bad_value(f"{_subject(name)} must be {allowed}, not {given}", name)


def _subject(name: str) -> str:
    return name if name == "fps" or "_" in name else name.capitalize()
