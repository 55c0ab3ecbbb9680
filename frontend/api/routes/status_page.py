"""The status of the service, for people."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontend.api.routes.system import model_status
from frontend.api.services import CurrentServices
from frontend.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/status")
async def status_page(request: Request, services: CurrentServices) -> Response:
    """Show whether videos can be made, with which model, and what to do."""
    reason = await services.error()
    info = None if reason else await services.triton.model_info()
    return render(
        request,
        "status.html",
        reason=reason,
        model=await model_status(services),
        info=info,
        unfinished=await services.unfinished(),
        used_bytes=await asyncio.to_thread(services.folder.used_bytes),
        settings=services.settings,
    )
