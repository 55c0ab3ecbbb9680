"""Environments with programs for tests, in build/, made once for each version of what they need."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

_BUILD = Path(__file__).parents[1] / "build"


def made_once(name: str, needs: Path, make: Callable[[Path], object]) -> Path:
    """The folder that `make` filled for these `needs`, a file with pinned versions."""
    version = hashlib.sha256(needs.read_bytes()).hexdigest()[:12]
    folder = _BUILD / f"{name}-{version}"
    _BUILD.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            make(folder)
            (folder / "complete").touch()
    return folder
