"""A job that runs in this worker, and why it is to stop."""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto

from frontend.jobs.model import Job
from ltx_triton.contract import Progress


class Reason(Enum):
    """Why a running job is stopped."""

    CANCELLED = auto()
    LEASE_LOST = auto()
    ENGINE_LOST = auto()
    SHUTDOWN = auto()


@dataclass
class RunningJob:
    """What the runner knows of it."""

    job: Job
    task: asyncio.Task[None] | None = None  # None: has not begun, and could not clean up
    reason: Reason | None = None
    finishing: bool = False  # its end is being written down: too late to stop
    progress: Progress | None = None
    written: Progress | None = None  # what the job store says of it
