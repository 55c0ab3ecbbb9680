"""The gallery: all videos, page by page."""

from http import HTTPStatus
from typing import Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from frontend.api.errors import ApiError
from frontend.api.page_views import shown_job
from frontend.api.routes.jobs import Cursor, SearchText, find_page
from frontend.api.services import CurrentServices
from frontend.jobs.model import JobState
from frontend.jobs.store import JobFilter
from frontend.web.pages import render

router = APIRouter(include_in_schema=False)

_PAGE = 24  # jobs: full rows of 2, 3, 4 and 6


@router.get("/gallery")
async def gallery(
    request: Request,
    services: CurrentServices,
    text: SearchText = "",
    state: JobState | Literal[""] = "",
    after: Cursor = None,
) -> Response:
    """Show the newest videos, those of a search, or those behind a job."""
    jobs = JobFilter(states=[state] if state else (), text=text)
    search = {name: value for name, value in (("text", text), ("state", state)) if value}
    newest = f"gallery?{urlencode(search)}"
    try:
        page = await find_page(jobs, _PAGE, after, services)
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        # The job of `after` was deleted since.
        return RedirectResponse(f"{services.settings.root_path}/{newest}", HTTPStatus.SEE_OTHER)
    older = {**search, "after": page.jobs[-1].id} if page.has_more else None
    return render(
        request,
        "gallery.html",
        jobs=[await shown_job(job, services) for job in page.jobs],
        text=text,
        state=state,
        states=list(JobState),
        after=after,
        newest=newest,
        older=older and f"gallery?{urlencode(older)}",
    )
