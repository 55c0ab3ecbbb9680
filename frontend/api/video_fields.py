"""The video that a request asks for: types, ranges, defaults and descriptions, once for every API.

Query, forms, JSON, OpenAPI and the page's form are all read from the fields of the model.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, Field, create_model, field_validator, model_validator
from pydantic_core import PydanticCustomError

from frontend.webhooks.url import MAX_URL_LENGTH, CallbackUrlError, parse_url
from ltx_triton.settings import MAX_FPS, MIN_RESOLUTION, RESOLUTION_STEP, Settings
from ltx_triton.video_spec import MAX_SEED, SharedFields, VideoSpec, draw_seed

# Other names of the same fields.
ALIASES = {"seconds": "duration"}

_MAX_STEPS = 1000  # the engines allow fewer
_SIZE = re.compile(r"([1-9][0-9]{0,5})[xX]([1-9][0-9]{0,5})")
# Each names the whole frame: a request gives one of them.
_FRAME_FIELDS = (("resolution",), ("width", "height"), ("size",))
SIZE_FIELDS = tuple(name for names in _FRAME_FIELDS for name in names)


class PromptFields(SharedFields):
    """Fields of every request that makes a video. `with_limits` adds the limits of the settings."""

    limits: ClassVar[Settings]

    seed: int = Field(
        default_factory=draw_seed,
        title="Seed",
        ge=-1,
        le=MAX_SEED,
        description="The same seed and parameters give the same video; "
        "drawn at random and reported when absent or -1",
        examples=[42],
    )
    callback_url: str | None = Field(
        None,
        title="Callback URL",
        max_length=MAX_URL_LENGTH,
        description="Where a signed event is sent when the job has finished",
        examples=["https://example.org/videos"],
        json_schema_extra={"pattern": "^(https?://.+)?$"},  # empty: not filled in
    )

    @field_validator("callback_url")
    @classmethod
    def _check_callback(cls, url: str | None) -> str | None:
        if url is None:
            return None
        settings = cls.limits
        try:
            parse_url(url, allow_private=settings.webhook_private_addresses)
        except CallbackUrlError as error:
            raise PydanticCustomError(
                "callback_url", "{problem}", {"problem": str(error)}
            ) from None
        if settings.webhook_secret is None:
            problem = "cannot be used here: the server has no WEBHOOK_SECRET to sign events with"
            raise PydanticCustomError("callback_url", "{problem}", {"problem": problem})
        return url

    @field_validator("seed")
    @classmethod
    def _draw(cls, seed: int) -> int:
        return draw_seed() if seed == -1 else seed


class VideoFields(PromptFields):
    """The fields of a video of any size and length."""

    duration: int  # seconds
    num_frames: int | None
    fps: int
    resolution: int  # pixels, the side of a square
    width: int | None  # pixels
    height: int | None  # pixels
    size: str | None = Field(
        None,
        title="Size",
        pattern=f"^({_SIZE.pattern})?$",  # empty: not filled in
        description="Width and height in one, instead of `resolution`",
        examples=["672x384"],
    )
    num_inference_steps: int | None = Field(
        None,
        title="Steps",
        ge=1,
        le=_MAX_STEPS,
        description="Denoising steps; the checkpoint's own number when absent",
    )

    @model_validator(mode="after")
    def _limit_frame(self) -> Self:
        given = [names for names in _FRAME_FIELDS if any(map(self._is_chosen, names))]
        if len(given) > 1:
            names = " and ".join(" x ".join(each) for each in given)
            raise PydanticCustomError(
                "two_sizes", "{names} both give the size of the video; give one", {"names": names}
            )
        width, height = self._frame()
        longest, area = 2 * self.limits.max_resolution, self.limits.max_resolution**2
        for name, side in (("width", width), ("height", height)):
            if side % RESOLUTION_STEP or not MIN_RESOLUTION <= side <= longest:
                raise PydanticCustomError(
                    "wrong_side",
                    "{name} must be a multiple of {step} from {least} to {longest}, not {side}",
                    {
                        "name": name.capitalize(),
                        "step": RESOLUTION_STEP,
                        "least": MIN_RESOLUTION,
                        "longest": longest,
                        "side": side,
                    },
                )
        if width * height > area:
            raise PydanticCustomError(
                "too_large",
                "width x height cannot exceed {area} pixels ({side} x {side}); "
                "{width} x {height} are {pixels}",
                {
                    "area": area,
                    "side": self.limits.max_resolution,
                    "width": width,
                    "height": height,
                    "pixels": width * height,
                },
            )
        return self

    @model_validator(mode="after")
    def _limit_length(self) -> Self:
        if self.num_frames is not None:
            self._limit_seconds(self.num_frames)
        elif (frames := self.duration * self.fps) > self.limits.max_frames:
            raise PydanticCustomError(
                "too_many_frames",
                "duration x fps cannot exceed {max_frames} frames; "
                "{duration} s x {fps} fps are {frames}",
                {
                    "max_frames": self.limits.max_frames,
                    "duration": self.duration,
                    "fps": self.fps,
                    "frames": frames,
                },
            )
        return self

    def _limit_seconds(self, num_frames: int) -> None:
        if self._is_chosen("duration") and num_frames != self.duration * self.fps:
            raise PydanticCustomError(
                "two_lengths",
                "num_frames and duration both give the length of the video; give one",
            )
        if num_frames > self.limits.max_video_duration * self.fps:
            raise PydanticCustomError(
                "too_long",
                "num_frames / fps cannot exceed {seconds} seconds; "
                "{num_frames} frames at {fps} fps are {given}",
                {
                    "seconds": self.limits.max_video_duration,
                    "num_frames": num_frames,
                    "fps": self.fps,
                    "given": round(num_frames / self.fps, 2),
                },
            )

    def _is_chosen(self, name: str) -> bool:
        """Whether the client has chosen a value; generated clients send every default."""
        field = type(self).model_fields[name]
        return name in self.model_fields_set and getattr(self, name) != field.default

    def spec(self) -> VideoSpec:
        width, height = self._frame()
        return VideoSpec(
            **self.model_dump(include=set(SharedFields.model_fields)),
            width=width,
            height=height,
            num_frames=self.num_frames or self.duration * self.fps,
            frame_rate=self.fps,
            num_inference_steps=self.num_inference_steps,
        )

    def _frame(self) -> tuple[int, int]:
        """Width and height in pixels."""
        if self.size and (size := parse_size(self.size)):
            return size
        if self.width is None and self.height is None:
            return self.resolution, self.resolution
        if self.width is None or self.height is None:
            raise PydanticCustomError(
                "one_side",
                "{missing} is missing; give width and height, or resolution",
                {"missing": "width" if self.width is None else "height"},
            )
        return self.width, self.height


def parse_size(text: str) -> tuple[int, int] | None:
    """Width and height in pixels; None: the text is not WIDTHxHEIGHT."""
    match = _SIZE.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def video_fields(settings: Settings) -> dict[str, Any]:
    """The fields whose limits and defaults are configured, for `pydantic.create_model`."""
    sides = settings.allowed_resolutions
    side: dict[str, Any] = {
        "ge": MIN_RESOLUTION,
        "le": 2 * settings.max_resolution,
        "multiple_of": RESOLUTION_STEP,
    }
    area = f"width x height is at most {settings.max_resolution**2} pixels"
    return {
        "duration": (
            int,
            Field(
                settings.default_video_duration,
                title="Duration, seconds",
                ge=1,
                le=settings.max_video_duration,
                description=f"Seconds, {settings.default_video_duration} by default; "
                f"duration x fps is at most {settings.max_frames} frames; also called `seconds`",
            ),
        ),
        "num_frames": (
            int | None,
            Field(
                None,
                title="Frames",
                ge=1,
                le=settings.max_frames,
                description="Number of frames, instead of `duration`; "
                f"at most {settings.max_video_duration} s of them",
            ),
        ),
        "fps": (
            int,
            Field(
                settings.default_fps,
                title="Frames per second",
                ge=1,
                le=MAX_FPS,
                description=f"Frames per second, {settings.default_fps} by default",
            ),
        ),
        "resolution": (
            int,
            Field(
                settings.default_resolution,
                title="Resolution",
                ge=sides[0],
                le=sides[-1],
                multiple_of=RESOLUTION_STEP,
                description="Side of a square video in pixels, "
                f"{settings.default_resolution} by default",
            ),
        ),
        **{
            name: (
                int | None,
                Field(
                    None,
                    title=name.capitalize(),
                    description=f"Pixels, with `{other}` instead of `resolution`; {area}",
                    **side,
                ),
            )
            for name, other in (("width", "height"), ("height", "width"))
        },
    }


def with_limits(model: type[PromptFields], settings: Settings) -> Any:
    """Create the request model with the configured limits and defaults."""
    fields = video_fields(settings) if issubclass(model, VideoFields) else {}
    limited = create_model(model.__name__, __base__=model, **fields)
    limited.limits = settings
    return limited


def schemas(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Map the name of each field to its JSON schema. What may be left out is never null there."""
    fields: dict[str, dict[str, Any]] = model.model_json_schema()["properties"]
    for schema in fields.values():
        if either := schema.pop("anyOf", None):
            del schema["default"]
            schema |= either[0]
    return fields


def allowed_values(schema: Mapping[str, Any]) -> str | None:
    """Say which numbers the schema of a field allows; None if it is of no number."""
    if "minimum" not in schema:
        return None
    step = f"a multiple of {schema['multipleOf']} " if "multipleOf" in schema else ""
    return f"{step}from {schema['minimum']} to {schema['maximum']}"
