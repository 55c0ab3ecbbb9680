"""Hooks of schemathesis: requests are changed where they break a rule that no schema can say."""

import uuid
from typing import Any

import schemathesis

# Of the service that is tested: videos that take no time to make.
SETTINGS = {"MAX_VIDEO_DURATION": "1", "DEFAULT_VIDEO_DURATION": "1", "MAX_RESOLUTION": "64"}

_CREATORS = ("/generate", "/v1/videos", "/v1/videos/{video_id}/remix")
_WITH_VIDEO_FIELDS = ("/quote", *_CREATORS)
_ALTERNATIVES = ("size", "width", "height", "num_frames")  # of resolution and duration
_UNKNOWN = (
    "callback_url",  # the service has no secret to sign events with
    "num_inference_steps",  # only the engines know which have a schedule
    "guidance_scale",  # and whether they take one
)


@schemathesis.hook
def map_case(
    context: schemathesis.HookContext, case: schemathesis.Case[Any]
) -> schemathesis.Case[Any]:
    """Change what is valid by the schema; what is not has to be refused as it is."""
    if case.meta and case.meta.generation.mode.is_negative:
        return case
    if case.headers and case.headers.get("Idempotency-Key"):
        case.headers["Idempotency-Key"] = uuid.uuid4().hex  # one of another request is refused
    if case.operation.path in _WITH_VIDEO_FIELDS:
        for part in (case.query, case.body):
            if isinstance(part, dict):
                for name in (*_ALTERNATIVES, *_UNKNOWN):
                    part.pop(name, None)
    return case


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    query = case.query if isinstance(case.query, dict) else {}
    body = case.body if isinstance(case.body, dict) else {}
    makes_video = case.operation.path in _CREATORS
    if not makes_video or case.method.upper() != "POST":
        return True
    # Query and body may both hold a field, but not with two values.
    if any(f"{query[name]}" != f"{body[name]}" for name in query.keys() & body.keys()):
        return False
    # One of the two has to hold the prompt, in which something has to be visible.
    prompt = query.get("prompt", body.get("prompt", ""))
    return any(char.isprintable() and not char.isspace() for char in f"{prompt}")
