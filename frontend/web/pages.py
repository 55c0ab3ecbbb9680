"""Render the HTML pages. Jinja2 escapes user input."""

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

_FOLDER = Path(__file__).parent
STATIC_FOLDER = _FOLDER / "static"

_templates = Jinja2Templates(_FOLDER / "templates")
_HEADERS = {
    # Swagger UI draws its icons from data.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}


def render(request: Request, template: str, **context: Any) -> HTMLResponse:
    return _templates.TemplateResponse(request, template, context, headers=_HEADERS)
