"""`GET /download/{job_id}` and `GET /preview/{job_id}`."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontend.api import job_views
from frontend.api.errors import not_found
from frontend.api.openapi import BINARY, errors
from frontend.api.ranges import RangedFileResponse
from frontend.api.routes.jobs import find_job
from frontend.api.services import CurrentServices, Services
from frontend.jobs.model import Job, JobState
from frontend.web.pages import render

router = APIRouter(tags=["Videos"])


@router.get(
    "/download/{job_id}",
    summary="Download a video",
    operation_id="download",
    response_class=RangedFileResponse,
    responses={
        200: {"content": {"video/mp4": BINARY}, "description": "The video, or a range of it"},
        304: {"description": "The client has it: `If-None-Match`, `If-Modified-Since`"},
        **errors(404, 416),
    },
)
async def download(job_id: str, services: CurrentServices) -> RangedFileResponse:
    """The MP4 under its documented name; ranges are served, so players can seek."""
    return await video_file(await find_job(job_id, services), services)


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
    has_file = await asyncio.to_thread(services.folder.video(job).is_file)
    status = job_views.job_status(job, None, services.settings.root_path)
    return render(request, "preview.html", job=status, has_file=has_file)


async def video_file(job: Job, services: Services) -> RangedFileResponse:
    """The job's MP4.

    Raises:
        ApiError: 404, it has none.
    """
    if job.state != JobState.COMPLETED:
        raise not_found(f"The job has no video: it is {job.state}", job.id)
    video = services.folder.video(job)
    try:
        stat = await asyncio.to_thread(video.stat)
    except FileNotFoundError:
        raise not_found("Video file missing", job.id) from None
    return RangedFileResponse(
        video, media_type="video/mp4", filename=job.filename, stat_result=stat
    )
