"""Describe a stored job in the API's answers."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse

from frontend.api.responses import JobBody
from frontend.jobs.estimate import Forecast
from frontend.jobs.model import Job, JobState
from frontend.jobs.store import JobPage
from ltx_triton.video_spec import SharedFields

_BYTES_PER_MB = 1e6


def generated(job: Job, root_path: str) -> JSONResponse:
    """Answer a request that waited for its video."""
    model = job.model_used or "the model"
    return _answer(
        job,
        status="success",
        message=f"Video generated and saved successfully with {model.rsplit('/')[-1]}!",
        file_size_mb=_megabytes(job.file_size_bytes or 0),
        generation_time_seconds=_seconds(job.generation_seconds),
        **_result(job),
        **_links(job, root_path),
    )


def accepted(job: Job, forecast: Forecast | None, root_path: str) -> JSONResponse:
    """Answer a request that does not wait: 202."""
    return _answer(
        job,
        HTTPStatus.ACCEPTED,
        message=f"Job {job.state}; poll status_url for progress",
        status_url=f"{root_path}/status/{job.id}",
        **_forecast(forecast),
        **_links(job, root_path),
    )


def job_status(job: Job, forecast: Forecast | None, root_path: str) -> JobBody:
    """Describe the job as it is now: the documented fields, and the fields of its state."""
    completed = job.state == JobState.COMPLETED
    webhook = job.webhook
    return _body(
        job,
        created_at=_timestamp(job.created_at),
        completed_at=_timestamp(job.completed_at) if job.completed_at else None,
        file_size_mb=_megabytes(job.file_size_bytes) if job.file_size_bytes else None,
        generation_time_seconds=_seconds(job.generation_seconds) if completed else None,
        **({"callback_url": webhook.url, "webhook": webhook.state} if webhook else {}),
        **_state_fields(job, root_path),
        **_forecast(forecast),
    )


def status_answer(job: Job, forecast: Forecast | None, root_path: str) -> JSONResponse:
    return _json(job_status(job, forecast, root_path))


def deleted(job: Job, root_path: str) -> JSONResponse:
    """Answer with the last state of a job that is no more."""
    return JSONResponse(deleted_body(job, root_path))


def finished_body(job: Job, root_path: str) -> dict[str, Any]:
    return _fields(job_status(job, None, root_path))


def deleted_body(job: Job, root_path: str) -> dict[str, Any]:
    return _fields(job_status(job, None, root_path).model_copy(update={"deleted": True}))


def job_list(
    page: JobPage, forecasts: Mapping[str, Forecast | None], root_path: str
) -> JSONResponse:
    """Describe the jobs of a page, without callback URLs, which may hold secrets of others."""
    bodies = [_fields(job_status(job, forecasts.get(job.id), root_path)) for job in page.jobs]
    for body in bodies:
        body.pop("callback_url", None)
    following = page.jobs[-1].id if page.jobs and page.has_more else None
    return JSONResponse({"jobs": bodies, "next": following})


def _answer(job: Job, code: HTTPStatus = HTTPStatus.OK, **fields: Any) -> JSONResponse:
    return _json(_body(job, **fields), code)


def _json(body: JobBody, code: HTTPStatus = HTTPStatus.OK) -> JSONResponse:
    return JSONResponse(_fields(body), code)


def _fields(body: JobBody) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude_unset=True)


def _body(job: Job, **fields: Any) -> JobBody:
    spec = job.spec
    if spec.num_inference_steps:
        fields["num_inference_steps"] = spec.num_inference_steps
    if job.warnings:
        fields["warnings"] = job.warnings
    return JobBody(
        **{
            **spec.model_dump(include=set(SharedFields.model_fields), exclude_defaults=True),
            "job_id": job.id,
            "status": job.state,
            "duration": round(spec.num_frames / spec.frame_rate),
            "fps": spec.frame_rate,
            "resolution": f"{spec.width}x{spec.height}",
            "width": spec.width,
            "height": spec.height,
            "num_frames": spec.num_frames,
            **fields,
        }
    )


def _forecast(forecast: Forecast | None) -> dict[str, Any]:
    return asdict(forecast) if forecast else {}


def _state_fields(job: Job, root_path: str) -> dict[str, Any]:
    match job.state:
        case JobState.QUEUED:
            return {"attempts": job.attempts} if job.attempts else {}
        case JobState.RUNNING:
            stage = {"stage": job.stage} if job.stage else {}
            return {
                "attempts": job.attempts,
                "step": job.step,
                "total_steps": job.total_steps,
                "percent": job.percent,
                "elapsed_seconds": _seconds(time.time() - (job.started_at or time.time())),
                **stage,
            }
        case JobState.COMPLETED:
            return {
                "attempts": job.attempts,
                "percent": 100.0,
                "stage_seconds": job.stage_seconds,
                **_result(job),
                **_links(job, root_path),
            }
        case JobState.FAILED:
            return {"attempts": job.attempts, "error": job.error, "error_type": job.error_type}
    return {}


def _result(job: Job) -> dict[str, Any]:
    return {
        "filename": job.filename,
        "frames_generated": job.frames_generated,
        "model_used": job.model_used,
        "device_used": job.device_used,
    }


def _links(job: Job, root_path: str) -> dict[str, Any]:
    return {
        "download_url": f"{root_path}/download/{job.id}",
        "preview_url": f"{root_path}/preview/{job.id}",
    }


def _seconds(value: float) -> float:
    return round(max(0.0, value), 2)


def _megabytes(size: int) -> float:
    """Two decimals, or three significant digits of a small file."""
    megabytes = size / _BYTES_PER_MB
    return round(megabytes, 2) if megabytes >= 1 else float(f"{megabytes:.3g}")


def _timestamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(timespec="seconds")
