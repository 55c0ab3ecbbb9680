"""The API documentation, and the icon of the pages."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from frontend.api.openapi import openapi_document
from frontend.api.services import CurrentServices, Services
from frontend.web.operations import by_tag
from frontend.web.pages import render
from frontend.web.static_files import STATIC

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def openapi(request: Request, services: CurrentServices) -> JSONResponse:
    """The description of the API, with what the loaded model can draw."""
    return JSONResponse(await _document(request, services))


@router.get("/docs")
async def docs(request: Request, services: CurrentServices) -> HTMLResponse:
    """List the operations; Swagger UI, from this server's own files, shows the one that is opened.

    It is a megabyte of JavaScript, which phones take seconds to run.
    """
    return render(request, "docs.html", groups=by_tag(await _document(request, services)))


@router.get("/favicon.ico")
async def icon(services: CurrentServices) -> RedirectResponse:
    """Answer browsers that show what is no page, such as /health."""
    return RedirectResponse(f"{services.settings.root_path}/{STATIC.address}/favicon.svg")


async def _document(request: Request, services: Services) -> dict[str, Any]:
    info = await services.triton.model_info()
    return openapi_document(
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
