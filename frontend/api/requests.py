"""The parameters of `POST /generate`: their types, defaults and ranges."""

import secrets
from dataclasses import dataclass

from fastapi import Request

from frontend.api.errors import bad_request, bad_value
from frontend.api.values import as_boolean, as_integer, as_text, read_values, shown
from ltx_triton.settings import MAX_FPS, RESOLUTION_STEP, Settings

MAX_PROMPT_LENGTH = 10_000  # characters
MAX_SEED = 2**63 - 1
_DRAWN_SEED_BITS = 53  # what JavaScript represents exactly

_PARSERS = {
    "prompt": as_text,
    "duration": as_integer,
    "resolution": as_integer,
    "fps": as_integer,
    "seed": as_integer,
    "wait": as_boolean,
}


@dataclass(frozen=True)
class GenerateParameters:
    """What was asked for, defaults filled in."""

    prompt: str
    duration: int
    resolution: int
    fps: int
    seed: int
    wait: bool


async def read_parameters(request: Request, settings: Settings) -> GenerateParameters:
    """Read and check the parameters of a request.

    Raises:
        ApiError: 422 when they cannot be understood, 400 when they are out of range.
    """
    given = await read_values(request, _PARSERS, required=("prompt",))
    if "prompt" not in given:
        raise bad_request("prompt is missing; it is a string that describes the video")
    seed = given.get("seed")
    parameters = GenerateParameters(
        prompt=given["prompt"],
        duration=given.get("duration", settings.default_video_duration),
        resolution=given.get("resolution", settings.default_resolution),
        fps=given.get("fps", settings.default_fps),
        seed=secrets.randbits(_DRAWN_SEED_BITS) if seed is None else seed,
        wait=given.get("wait", True),
    )
    _check(parameters, settings)
    return parameters


def _check(given: GenerateParameters, settings: Settings) -> None:
    if not given.prompt.strip():
        raise bad_value("Prompt cannot be empty")
    if len(given.prompt) > MAX_PROMPT_LENGTH:
        raise bad_value(
            f"Prompt cannot exceed {MAX_PROMPT_LENGTH} characters; it has {len(given.prompt)}"
        )
    if given.duration <= 0:
        raise bad_value("Duration must be a positive number")
    if given.duration > settings.max_video_duration:
        raise bad_value(f"Duration cannot exceed {settings.max_video_duration} seconds")
    if given.resolution not in settings.allowed_resolutions:
        allowed = settings.allowed_resolutions
        raise bad_value(
            f"Resolution must be a multiple of {RESOLUTION_STEP} from {allowed[0]} to "
            f"{allowed[-1]}, not {shown(given.resolution)}"
        )
    if not 1 <= given.fps <= MAX_FPS:
        raise bad_value(f"fps must be from 1 to {MAX_FPS}, not {shown(given.fps)}")
    frames = given.duration * given.fps
    if frames > settings.max_frames:
        raise bad_value(
            f"duration x fps cannot exceed {settings.max_frames} frames; "
            f"{given.duration} s x {given.fps} fps are {frames}"
        )
    if not 0 <= given.seed <= MAX_SEED:
        raise bad_value(f"Seed must be from 0 to {MAX_SEED}, not {shown(given.seed)}")
