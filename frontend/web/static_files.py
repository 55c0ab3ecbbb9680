"""The files of the pages, which browsers keep: their addresses change with their contents."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"

_FOR_EVER = "public, max-age=31536000, immutable"
_CHECKED_EACH_TIME = "no-cache"


class VersionedFiles(StaticFiles):
    """Files at their names, and below a version of all their contents, where they never change."""

    def __init__(
        self,
        mount: str,
        directory: Path | None = None,
        packages: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Serve a folder, or a folder in a package, at the path `mount`."""
        super().__init__(directory=directory, packages=[*packages])
        version = _version([Path(folder) for folder in self.all_directories])
        self._below = f"{version}{os.sep}"
        self.address = f"{mount}/{version}"  # relative to the root of the service

    def get_path(self, scope: Scope) -> str:
        return super().get_path(scope).removeprefix(self._below)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        never_changes = super().get_path(scope).startswith(self._below)
        response.headers["Cache-Control"] = _FOR_EVER if never_changes else _CHECKED_EACH_TIME
        return response


def _version(folders: list[Path]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            digest.update(str(file.relative_to(folder)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


STATIC = VersionedFiles("static", directory=FOLDER)
SWAGGER = VersionedFiles("swagger", packages=[("fastapi_offline", "static")])
