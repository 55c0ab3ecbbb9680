"""The API documentation."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from frontend.api.openapi import openapi_document
from frontend.api.services import CurrentServices
from frontend.web.pages import render

router = APIRouter(include_in_schema=False)


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
