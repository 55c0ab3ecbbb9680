"""Render the HTML pages. Jinja2 escapes user input."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from frontend.web import units
from frontend.web.static_files import STATIC, SWAGGER

_templates = Jinja2Templates(Path(__file__).parent / "templates")
_templates.env.trim_blocks = _templates.env.lstrip_blocks = True
_templates.env.globals |= {"static": STATIC.address, "swagger": SWAGGER.address}
_templates.env.filters |= {
    "frames": units.frames,
    "megabytes": units.megabytes,
    "seconds": units.seconds,
    "size": units.size,
    "time": units.time,
}
_HEADERS = {
    # Swagger UI draws its icons from data.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}


def render(
    request: Request, template: str, status_code: int = HTTPStatus.OK, **context: Any
) -> HTMLResponse:
    return _templates.TemplateResponse(request, template, context, status_code, headers=_HEADERS)
