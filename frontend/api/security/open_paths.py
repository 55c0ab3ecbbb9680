"""Paths that every client may read: they tell of no job.

Monitoring asks for the first, and the page of a refusal is drawn with the files of the others.
"""

from starlette.types import Scope

_OPEN_PATHS = ("/health", "/metrics", "/favicon.ico")
_OPEN_FOLDER = "/static/"


def is_open(scope: Scope) -> bool:
    whole: str = scope["path"]
    path = whole.removeprefix(scope.get("root_path", ""))
    return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDER)
