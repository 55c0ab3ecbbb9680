"""`/v1/videos` and `/v1/models`: OpenAI's API on the same jobs."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from frontend.api.admission import admit, find_earlier, require_rate
from frontend.api.errors import ApiError, ErrorType, model_not_loaded, not_found
from frontend.api.openai.bodies import (
    DeletedVideo,
    Model,
    ModelList,
    Video,
    VideoList,
    describe,
)
from frontend.api.openai.requests import UNSUPPORTED
from frontend.api.openapi import BINARY, openai_errors
from frontend.api.ranges import RangedFileResponse
from frontend.api.requests import read_request, require_limits
from frontend.api.routes.jobs import ID_PATTERN, MAX_PAGE, cancel, find_job, find_page, remove
from frontend.api.routes.videos import video_file
from frontend.api.services import CurrentServices, Services
from frontend.jobs.estimate import poll_after_ms
from frontend.jobs.model import FINISHED, Job
from frontend.jobs.store import JobFilter
from frontend.media.derived import Derived
from ltx_triton.video_spec import VideoSpec

router = APIRouter(prefix="/v1", tags=["OpenAI"])

_POLL_AFTER = "openai-poll-after-ms"


@router.post(
    "/videos",
    summary="Create a video",
    operation_id="create_video",
    response_model=Video,
    responses=openai_errors(400, 403, 408, 413, 422, 429, 503, 507),
)
async def create(request: Request, services: CurrentServices) -> JSONResponse:
    """Answer at once with a job to follow. Unknown parameters are ignored."""
    await require_rate(request, services)
    asked = await read_request(
        request, services.create_video_request, ignore_unknown=True, refused=UNSUPPORTED
    )
    fields = asked.fields
    spec, warnings = await _without_unknown(fields.spec(), services)
    job = await admit(
        spec, asked.identity, services, callback_url=fields.callback_url, warnings=warnings
    )
    return await _answer(job, services)


@router.get(
    "/videos",
    summary="List videos",
    operation_id="list_videos",
    response_model=VideoList,
    responses=openai_errors(403, 404, 422),
)
async def list_videos(
    services: CurrentServices,
    after: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="The last ID of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 20,
    order: Annotated[Literal["asc", "desc"], Query(description="By age")] = "desc",
) -> JSONResponse:
    """Newest first, unless `order` is `asc`."""
    page = await find_page(JobFilter(oldest_first=order == "asc"), limit, after, services)
    videos = [_describe(job, services) for job in page.jobs]
    return _json(
        VideoList(
            data=videos,
            first_id=videos[0].id if videos else None,
            last_id=videos[-1].id if videos else None,
            has_more=page.has_more,
        )
    )


@router.get(
    "/videos/{video_id}",
    summary="Retrieve a video",
    operation_id="retrieve_video",
    response_model=Video,
    responses=openai_errors(404),
)
async def retrieve(video_id: str, services: CurrentServices) -> JSONResponse:
    """A failed video is a 200, too. `openai-poll-after-ms` says when to ask again."""
    return await _answer(await find_job(video_id, services), services)


@router.delete(
    "/videos/{video_id}",
    summary="Delete a video",
    operation_id="delete_video",
    response_model=DeletedVideo,
    responses=openai_errors(403, 404, 409),
)
async def delete(video_id: str, services: CurrentServices) -> JSONResponse:
    """Cancel it first if it is not finished."""
    job = await find_job(video_id, services)
    if job.state not in FINISHED:
        job = await cancel(video_id, services)
    if job.state not in FINISHED:
        raise ApiError(
            HTTPStatus.CONFLICT,
            ErrorType.CONFLICT,
            "The video is being cancelled; delete it again in a second",
            video_id,
            headers={"Retry-After": "1", "x-should-retry": "true"},
        )
    await remove(job, services)
    return _json(DeletedVideo(id=job.id))


@router.get(
    "/videos/{video_id}/content",
    summary="Download a video",
    operation_id="download_video_content",
    response_class=RangedFileResponse,
    responses={
        200: {
            "content": {"video/mp4": BINARY, "image/webp": BINARY, "image/jpeg": BINARY},
            "description": "The file, or a range of it",
        },
        **openai_errors(404, 416, 422, 500, 507),
    },
)
async def content(
    video_id: str,
    services: CurrentServices,
    variant: Annotated[
        Literal["video", "thumbnail", "spritesheet"], Query(description="MP4, WebP or JPEG")
    ] = "video",
) -> RangedFileResponse:
    """The MP4, the frame in the middle, or up to 16 frames on one sheet; ranges are served."""
    kind = None if variant == "video" else Derived(variant)
    return await video_file(await find_job(video_id, services), services, kind)


@router.post(
    "/videos/{video_id}/remix",
    summary="Make a video again with another prompt",
    operation_id="remix_video",
    response_model=Video,
    responses=openai_errors(400, 403, 404, 408, 413, 422, 429, 503, 507),
)
async def remix(video_id: str, request: Request, services: CurrentServices) -> JSONResponse:
    """Keep the rest: size, length, steps, seed, negative prompt and guidance scale."""
    await require_rate(request, services)
    asked = await read_request(
        request, services.remix_video_request, ignore_unknown=True, refused=UNSUPPORTED
    )
    job = await find_earlier(asked.identity, services)
    if job is None:
        source = await find_job(video_id, services)
        given = asked.fields.model_dump(include=asked.fields.model_fields_set - {"callback_url"})
        spec = require_limits(source.spec.model_copy(update=given), services.generate_request)
        spec, warnings = await _without_unknown(spec, services)
        job = await admit(
            spec,
            asked.identity,
            services,
            remixed_from=source.id,
            callback_url=asked.fields.callback_url,
            warnings=warnings,
        )
    return await _answer(job, services)


@router.get(
    "/models",
    summary="List models",
    operation_id="list_models",
    response_model=ModelList,
    responses=openai_errors(503),
)
async def list_models(services: CurrentServices) -> JSONResponse:
    """The one that is served."""
    return _json(ModelList(data=[await _model(services)]))


@router.get(
    "/models/{model:path}",
    summary="Retrieve a model",
    operation_id="retrieve_model",
    response_model=Model,
    responses=openai_errors(404, 503),
)
async def retrieve_model(model: str, services: CurrentServices) -> JSONResponse:
    """The one that is served; its name may contain a slash."""
    served = await _model(services)
    if model != served.id:
        raise not_found(f"This server has no model but {served.id}")
    return _json(served)


async def _without_unknown(spec: VideoSpec, services: Services) -> tuple[VideoSpec, list[str]]:
    """Ignore a guidance scale that the model does not have, as other unknown parameters.

    Return the rest, and a warning of a scale that would have an effect.

    Raises:
        ApiError: 503, there is a scale, and Triton has not said yet whether the model has one.
    """
    scale = spec.guidance_scale
    if scale is None:
        return spec, []
    info = await services.triton.model_info() or services.triton.last_info
    if info is None:
        raise model_not_loaded()
    if info.limits.takes_guidance:
        return spec, []
    ignored = (
        f"guidance_scale={scale:g} is ignored: {info.model_name} is distilled to do without "
        "guidance"
    )
    return spec.model_copy(update={"guidance_scale": None}), [] if scale == 1 else [ignored]


async def _model(services: Services) -> Model:
    info = await services.triton.model_info()
    if info is None:
        raise model_not_loaded()
    return Model(id=info.model_name)


def _describe(job: Job, services: Services) -> Video:
    settings, info = services.settings, services.triton.last_info
    name = info.model_name if info else settings.model_name
    return describe(job, name, services.folder.expires_at(job))


async def _answer(job: Job, services: Services) -> JSONResponse:
    answer = _json(_describe(job, services))
    if forecast := await services.estimator.forecast(job):
        answer.headers[_POLL_AFTER] = str(poll_after_ms(forecast.eta_seconds))
    return answer


def _json(body: BaseModel) -> JSONResponse:
    return JSONResponse(body.model_dump(mode="json"))
