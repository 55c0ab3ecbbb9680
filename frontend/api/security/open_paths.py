"""Paths that every client may read: monitoring asks for them, and they tell of no job."""

from starlette.types import Scope

_OPEN_PATHS = ("/health", "/metrics")


def is_open(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) in _OPEN_PATHS
