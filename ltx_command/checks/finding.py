"""What a check is given, and what it finds."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ltx_triton.repository.prepare import models_to_serve
from ltx_triton.settings import Settings


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # the service runs, with less than it could have
    PROBLEM = "problem"  # the service does not run, or makes no videos


@dataclass(frozen=True)
class Finding:
    level: Level
    text: str  # what was found
    remedy: str = ""  # what to do


@dataclass(frozen=True)
class Installation:
    """What is to run on this machine."""

    settings: Settings
    repository: Path

    @property
    def models(self) -> Path:
        return models_to_serve(self.repository)


Check = Callable[[Installation], Finding]


def ok(text: str) -> Finding:
    return Finding(Level.OK, text)


def warning(text: str, remedy: str) -> Finding:
    return Finding(Level.WARNING, text, remedy)


def problem(text: str, remedy: str) -> Finding:
    return Finding(Level.PROBLEM, text, remedy)


def gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    absolute = folder.absolute()
    # `Path.exists` raises an error below a folder that may not be searched.
    return next(path for path in (absolute, *absolute.parents) if os.access(path, os.F_OK))
