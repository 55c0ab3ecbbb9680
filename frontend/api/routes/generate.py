"""`POST /generate`."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from frontend.api import job_views
from frontend.api.admission import admit, require_rate
from frontend.api.errors import ApiError, ErrorType
from frontend.api.openapi import errors
from frontend.api.requests import read_request
from frontend.api.responses import JobBody
from frontend.api.services import CurrentServices, Services
from frontend.jobs.model import FINISHED, Job, JobState
from frontend.jobs.waiters import ShuttingDownError

router = APIRouter(tags=["Video generation"])


@router.post(
    "/generate",
    summary="Generate a video from a text prompt",
    operation_id="generate",
    response_model=JobBody,
    responses={
        202: {"model": JobBody, "description": "Accepted (`wait=false`)"},
        **errors(400, 403, 408, 409, 413, 422, 429, 500, 503, 507),
    },
)
async def generate(request: Request, services: CurrentServices) -> JSONResponse:
    """Take parameters from the query, a form or a JSON body, or from query and body together.

    Answers when the video is finished, or at once with `wait=false`. An accepted job goes on when
    its client disconnects; a repeated request with the same `Idempotency-Key` finds it.
    """
    await require_rate(request, services)
    asked = await read_request(request, services.generate_request)
    fields = asked.fields
    job = await admit(fields.spec(), asked.identity, services, callback_url=fields.callback_url)
    if fields.wait:
        return job_views.generated(await _wait(job, services), services.settings.root_path)
    forecast = await services.estimator.forecast(job)
    return job_views.accepted(job, forecast, services.settings.root_path)


async def _wait(job: Job, services: Services) -> Job:
    finished: Job | None = job
    try:
        if job.state not in FINISHED:
            finished = await services.runner.wait_until_finished(job.id)
    except ShuttingDownError:
        raise ApiError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            ErrorType.INTERNAL,
            f"The server is restarting; the job continues, see /status/{job.id}",
            job.id,
            headers={"Retry-After": "10"},
        ) from None
    if finished is None or finished.state == JobState.CANCELLED:
        raise ApiError(HTTPStatus.CONFLICT, ErrorType.CANCELLED, "The job was cancelled", job.id)
    if finished.state == JobState.FAILED:
        raise ApiError(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            ErrorType(finished.error_type or ErrorType.INTERNAL),
            finished.error or "The job failed",
            job.id,
        )
    return finished
