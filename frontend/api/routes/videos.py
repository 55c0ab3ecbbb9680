"""`GET /download/{job_id}` and `GET /preview/{job_id}`."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from frontend.api.errors import ApiError, ErrorType, not_found, storage_full
from frontend.api.openapi import BINARY, errors
from frontend.api.page_views import shown_job
from frontend.api.ranges import RangedFileResponse
from frontend.api.routes.jobs import find_job
from frontend.api.services import CurrentServices, Services
from frontend.jobs.model import Job, JobState
from frontend.media.derived import Derived
from frontend.media.ffmpeg import EncodingError, NoRoomError
from frontend.web.pages import render

router = APIRouter(tags=["Videos"])

_MEDIA_TYPES = ("video/mp4", *sorted({kind.media_type for kind in Derived}))


@router.get(
    "/download/{job_id}",
    summary="Download a video",
    operation_id="download",
    response_class=RangedFileResponse,
    responses={
        200: {
            "content": dict.fromkeys(_MEDIA_TYPES, BINARY),
            "description": "The file, or a range of it",
        },
        304: {"description": "The client has it: `If-None-Match`, `If-Modified-Since`"},
        **errors(404, 416, 422, 500, 507),
    },
)
async def download(
    job_id: str,
    services: CurrentServices,
    format: Annotated[  # noqa: A002  the parameter's name
        Literal["mp4"] | Derived,
        Query(description="webp and gif are animations; thumbnail and spritesheet are images"),
    ] = "mp4",
    inline: Annotated[
        bool, Query(description="Show it in the browser instead of saving it")
    ] = False,
) -> RangedFileResponse:
    """The MP4 under its documented name, or what is made from it; ranges are served."""
    job = await find_job(job_id, services)
    kind = None if format == "mp4" else format
    return await video_file(job, services, kind, inline=inline)


@router.get(
    "/preview/{job_id}",
    summary="Watch a video, or its progress, in the browser",
    operation_id="preview",
    response_class=Response,  # of no type, or the errors would be described as HTML
    responses={200: {"content": {"text/html": {}}, "description": "The page"}, **errors(404)},
)
async def preview(job_id: str, request: Request, services: CurrentServices) -> Response:
    """A page with the player and everything known about the video."""
    job = await find_job(job_id, services)
    return render(request, "preview.html", job=await shown_job(job, services))


async def video_file(
    job: Job, services: Services, kind: Derived | None = None, *, inline: bool = False
) -> RangedFileResponse:
    """The job's MP4, or what is made from it.

    Raises:
        ApiError: 404, it has none; 500 and 507, the file could not be made.
    """
    if job.state != JobState.COMPLETED:
        raise not_found(f"The job has no video: it is {job.state}", job.id)
    file = services.folder.video(job)
    name, media_type = job.filename, "video/mp4"
    try:
        if kind:
            file = await services.converter.derived(file, job.spec, kind)
            name = f"{Path(name).stem}{kind.suffix}"
            media_type = kind.media_type
        stat = await asyncio.to_thread(file.stat)
    except FileNotFoundError:
        raise not_found("Video file missing", job.id) from None
    except NoRoomError as error:
        raise storage_full(str(error)) from error
    except EncodingError as error:
        raise ApiError(
            HTTPStatus.INTERNAL_SERVER_ERROR, ErrorType.GENERATION, str(error), job.id
        ) from error
    return RangedFileResponse(
        file,
        media_type=media_type,
        filename=name,
        stat_result=stat,
        content_disposition_type="inline" if inline else "attachment",
    )
