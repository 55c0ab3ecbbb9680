"""Start Triton and the frontend on free ports, for tests and measurements."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frontend.local.api import LocalFrontend
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.repository.layout import SERVED_REPOSITORY


@contextmanager
def local_service(
    repository: Path = SERVED_REPOSITORY, **environment: str
) -> Iterator[LocalFrontend]:
    """Serve a model repository; videos and log are deleted at the end."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalTriton(repository).starting() as triton,
        local_frontend(triton, Path(folder), **environment) as frontend,
    ):
        yield frontend


def local_frontend(triton: LocalTriton, folder: Path, **environment: str) -> LocalFrontend:
    """Create a frontend with its videos in `folder/outputs` and its log in `folder`."""
    return LocalFrontend(
        triton,
        environment={
            "API_KEY_REQUIRED": "false",
            "OUTPUT_DIR": str(folder / "outputs"),
            **environment,
        },
        log_file=folder / "frontend.log",
    )
