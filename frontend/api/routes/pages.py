"""The home page and the API documentation."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from frontend.api import job_views
from frontend.api.openapi import form_fields, narrow_sides, openapi_document
from frontend.api.services import CurrentServices
from frontend.jobs.store import JobFilter
from frontend.web.examples import examples_for
from frontend.web.pages import render

router = APIRouter(include_in_schema=False)

_RECENT_JOBS = 12
# Other ways to say what the form asks for, and what only programs need.
_NOT_IN_FORM = ("num_frames", "width", "height", "size", "num_inference_steps", "callback_url")


@router.get("/")
async def home(request: Request, services: CurrentServices) -> HTMLResponse:
    """Show a form to make a video with, examples and recent videos."""
    limit = 0 if services.settings.private_jobs else _RECENT_JOBS
    recent = await asyncio.to_thread(services.store.find, JobFilter(), limit)
    info = await services.triton.model_info()
    root_path = services.settings.root_path
    fields = form_fields(services.generate_request)
    if info and info.drawn_sides:
        narrow_sides(fields, *info.drawn_sides)
    return render(
        request,
        "home.html",
        model_name=info.model_name if info else None,
        examples=examples_for(info.model_name) if info else [],
        fields={name: field for name, field in fields.items() if name not in _NOT_IN_FORM},
        recent=[job_views.job_status(job, None, root_path) for job in recent.jobs],
    )


@router.get("/openapi.json")
async def openapi(request: Request, services: CurrentServices) -> JSONResponse:
    """The description of the API, with what the loaded model can draw."""
    info = await services.triton.model_info()
    return JSONResponse(
        openapi_document(
            request.app,
            info.drawn_sides if info else None,
            {
                "/generate": services.generate_request,
                "/quote": services.quote_request,
                "/v1/videos": services.create_video_request,
                "/v1/videos/{video_id}/remix": services.remix_video_request,
            },
            needs_api_key=services.settings.api_key_required,
            root_path=services.settings.root_path,
        )
    )


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Swagger UI, from this server's own files."""
    return render(request, "docs.html")
