"""The request of `POST /generate`: types, ranges, defaults and descriptions, once for every form.

Query, forms, JSON, OpenAPI and the page's form are all read from the fields of the model.
"""

from typing import Any, ClassVar, Self

from fastapi import Request
from pydantic import Field, ValidationError, create_model, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from frontend.api.errors import ApiError, bad_request, bad_value, shorten
from frontend.api.values import read_values
from ltx_triton.settings import MAX_FPS, RESOLUTION_STEP, Settings
from ltx_triton.video_spec import SharedFields, VideoSpec

# The documented texts; any other range is described from the field.
_TEXTS = {
    ("prompt", "blank"): "Prompt cannot be empty",
    ("prompt", "string_too_short"): "Prompt cannot be empty",
    ("prompt", "string_too_long"): "Prompt cannot exceed {max_length} characters; it has {length}",
    ("duration", "greater_than_equal"): "Duration must be a positive number",
    ("duration", "less_than_equal"): "Duration cannot exceed {le} seconds",
}


class GenerateRequest(SharedFields):
    """A square video of whole seconds. `generate_request` adds the limits of the settings."""

    max_frames: ClassVar[int]

    duration: int  # seconds
    resolution: int  # pixels
    fps: int
    wait: bool = Field(True, title="Wait", description="false: answer at once with a job to follow")

    @model_validator(mode="after")
    def _limit_frames(self) -> Self:
        frames = self.duration * self.fps
        if frames > self.max_frames:
            raise PydanticCustomError(
                "too_many_frames",
                "duration x fps cannot exceed {max_frames} frames; "
                "{duration} s x {fps} fps are {frames}",
                {
                    "max_frames": self.max_frames,
                    "duration": self.duration,
                    "fps": self.fps,
                    "frames": frames,
                },
            )
        return self

    def spec(self) -> VideoSpec:
        return VideoSpec(
            **self.model_dump(include=set(SharedFields.model_fields)),
            width=self.resolution,
            height=self.resolution,
            num_frames=self.duration * self.fps,
            frame_rate=self.fps,
        )


def generate_request(settings: Settings) -> type[GenerateRequest]:
    """Create the request model with the configured limits and defaults."""
    sides = settings.allowed_resolutions
    model = create_model(
        "GenerateRequest",
        __base__=GenerateRequest,
        duration=(
            int,
            Field(
                settings.default_video_duration,
                title="Duration, seconds",
                ge=1,
                le=settings.max_video_duration,
                description=f"Seconds, {settings.default_video_duration} by default; "
                f"duration x fps is at most {settings.max_frames} frames",
            ),
        ),
        resolution=(
            int,
            Field(
                settings.default_resolution,
                title="Resolution",
                ge=sides[0],
                le=sides[-1],
                multiple_of=RESOLUTION_STEP,
                description="Side of the square video in pixels, "
                f"{settings.default_resolution} by default",
            ),
        ),
        fps=(
            int,
            Field(
                settings.default_fps,
                title="Frames per second",
                ge=1,
                le=MAX_FPS,
                description=f"Frames per second, {settings.default_fps} by default",
            ),
        ),
    )
    model.max_frames = settings.max_frames
    return model


async def read_request(request: Request, model: type[GenerateRequest]) -> GenerateRequest:
    """Read and check the parameters of a request.

    Raises:
        ApiError: 422 when they cannot be understood, 400 when they are out of range.
    """
    values = await read_values(request, model)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _api_error(error.errors()[0], model) from error


def _api_error(problem: ErrorDetails, model: type[GenerateRequest]) -> ApiError:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "missing":
        return bad_request(f"{name} is missing; it is a string that describes the video")
    context: dict[str, Any] = problem.get("ctx", {})
    if text := _TEXTS.get((name, problem["type"])):
        given = problem["input"]
        length = len(given) if isinstance(given, str) else 0
        return bad_value(text.format_map({"length": length, **context}))
    if not name:
        return bad_value(problem["msg"])
    given = shorten(repr(problem["input"]))
    return bad_value(f"{_subject(name)} must be {_allowed(name, model)}, not {given}")


def _subject(name: str) -> str:
    return name if name == "fps" else name.replace("_", " ").capitalize()


def _allowed(name: str, model: type[GenerateRequest]) -> str:
    schema = model.model_json_schema()["properties"][name]
    step = f"a multiple of {schema['multipleOf']} " if "multipleOf" in schema else ""
    return f"{step}from {schema['minimum']} to {schema['maximum']}"
