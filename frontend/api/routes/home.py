"""The home page: its form makes videos, with and without JavaScript."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from frontend.api.admission import admit, require_rate
from frontend.api.errors import ApiError
from frontend.api.openapi import form_fields, narrow_sides
from frontend.api.page_views import shown_job
from frontend.api.requests import check_values
from frontend.api.routes.jobs import find_job
from frontend.api.services import CurrentServices, Services
from frontend.api.values import parse_values, sent_values
from frontend.api.video_fields import SIZE_FIELDS, parse_size
from frontend.jobs.model import Job
from frontend.jobs.store import JobFilter
from frontend.web.chips import chips_for
from frontend.web.examples import examples_for
from frontend.web.pages import render
from frontend.web.sizes import FrameSize, OfferedSizes, offered_sizes
from ltx_triton.model_info import ModelInfo

router = APIRouter(include_in_schema=False)

_NEWEST = 6  # jobs
# Other ways to say what the form asks for, and what only programs need.
_NOT_IN_FORM = (*SIZE_FIELDS, "num_frames", "num_inference_steps", "callback_url")
_GUIDANCE = ("negative_prompt", "guidance_scale")


@router.get("/")
async def home(
    request: Request,
    services: CurrentServices,
    prompt: str = "",
    job: str = "",
    settings_of: Annotated[str, Query(alias="from")] = "",
) -> Response:
    """Show the form, the newest videos and examples.

    Args:
        prompt: what to fill in.
        job: ID of the job to show beside the form.
        settings_of: ID of the job whose prompt and settings to fill in.
    """
    typed: dict[str, Any] = {"prompt": prompt} if prompt else {}
    if shown := await _find(job, services):
        typed = _settings(shown) | {"seed": ""}  # another video of the same words
    if source := await _find(settings_of, services):
        typed = _settings(source)
    return await _page(request, services, typed, job=shown, is_gone=bool(job) and not shown)


@router.post("/")
async def create(request: Request, services: CurrentServices) -> Response:
    """Take the form of a browser without JavaScript, and lead to the page of its job."""
    sent = await sent_values(request)
    try:
        await require_rate(request, services)
        values = parse_values(sent, services.generate_request)
        asked = check_values(request, values, services.generate_request)
        fields = asked.fields
        job = await admit(fields.spec(), asked.identity, services, callback_url=fields.callback_url)
    except ApiError as error:
        page = await _page(request, services, _typed(sent), error=error)
        page.headers.update(error.headers or {})
        return page
    root_path = services.settings.root_path
    return RedirectResponse(f"{root_path}/preview/{job.id}", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request,
    services: Services,
    typed: dict[str, Any],
    *,
    job: Job | None = None,
    is_gone: bool = False,
    error: ApiError | None = None,
) -> Response:
    settings = services.settings
    limit = 0 if settings.private_jobs else _NEWEST
    newest = await asyncio.to_thread(services.store.find, JobFilter(), limit)
    info = await services.triton.model_info()
    name = info.model_name if info else None
    fields = form_fields(services.generate_request)
    guidance_scale = info.limits.default_guidance_scale if info else 1
    hidden = (*_NOT_IN_FORM, *_GUIDANCE) if guidance_scale == 1 else _NOT_IN_FORM
    sizes = _sizes(fields, info, services)
    if "size" in typed:
        sizes = sizes.including(typed["size"])
    return render(
        request,
        "home.html",
        status_code=error.status if error else HTTPStatus.OK,
        model_name=name,
        examples=examples_for(name),
        chips=chips_for(name),
        sizes=sizes,
        fields={name: field for name, field in fields.items() if name not in hidden},
        guidance_scale=guidance_scale,
        max_frames=settings.max_frames,
        typed=typed,
        error=error,
        is_gone=is_gone,
        job=await shown_job(job, services) if job else None,
        newest=[await shown_job(each, services) for each in newest.jobs],
    )


def _sizes(
    fields: dict[str, dict[str, Any]], info: ModelInfo | None, services: Services
) -> OfferedSizes:
    if info and info.drawn_sides:
        narrow_sides(fields, *info.drawn_sides)
    squares, sides = (
        range(side["minimum"], side["maximum"] + 1, side["multipleOf"])
        for side in (fields["resolution"], fields["width"])
    )
    largest = services.settings.max_resolution
    return offered_sizes(squares, sides, largest**2, fields["resolution"]["default"])


async def _find(job_id: str, services: Services) -> Job | None:
    try:
        return await find_job(job_id, services)
    except ApiError:
        return None


def _typed(sent: list[tuple[str, Any]]) -> dict[str, Any]:
    """What to fill in again."""
    typed = dict(sent)
    size = parse_size(str(typed.pop("size", "")))
    return typed | {"size": FrameSize(*size)} if size else typed


def _settings(job: Job) -> dict[str, Any]:
    spec = job.spec
    return {
        **spec.model_dump(exclude={"frame_rate", "num_frames"}, exclude_none=True),
        "size": FrameSize(spec.width, spec.height),
        "fps": round(spec.frame_rate),
        "duration": max(1, round(spec.num_frames / spec.frame_rate)),
    }
