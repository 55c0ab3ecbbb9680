"""OUTPUT_DIR on a disk of its own, which fills up."""

import errno
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from tests.faults.service import FaultyService

_SIZE = "160m"  # the service wants 100 MB free
_BLOCK = bytes(2**20)


def missing() -> str | None:
    """Try it: root may lack the right to mount, as in most containers."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with _mounted(Path(folder), _SIZE):
                return None
        except (OSError, subprocess.CalledProcessError):
            return "mount -t tmpfs is not permitted here"


class FillDisk:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @contextmanager
    def surround(self, service: FaultyService) -> Iterator[None]:
        with own_disk(service, _SIZE):
            yield

    def inject(self, service: FaultyService) -> None:
        filler = service.outputs / "filler"
        until = time.monotonic() + self._seconds
        with FileIO(filler, "w") as file:
            while time.monotonic() < until:
                _fill(file)
                time.sleep(0.05)  # until a job gives up and removes its part of a video
        filler.unlink()


@contextmanager
def own_disk(service: FaultyService, size: str) -> Iterator[None]:
    service.outputs.mkdir()
    with _mounted(service.outputs, size):
        yield


def resize(service: FaultyService, size: str) -> None:
    _mount("-o", f"remount,size={size}", str(service.outputs))


@contextmanager
def _mounted(folder: Path, size: str) -> Iterator[None]:
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield
    finally:
        # Lazily: after a scenario that failed, processes may still write there.
        _run("umount", "--lazy", str(folder))


def _fill(file: FileIO) -> None:
    """Write until not a byte fits."""
    try:
        while True:
            file.write(_BLOCK)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def _mount(*arguments: str) -> None:
    _run("mount", *arguments)


def _run(program: str, *arguments: str) -> None:
    path = shutil.which(program)
    if path is None:
        raise FileNotFoundError(program)
    subprocess.run([path, *arguments], check=True, capture_output=True)
