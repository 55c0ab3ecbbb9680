"""What this service counts for Prometheus, over all workers. No prompt, id or address is a label.

Each event is counted by the worker that wrote it down. prometheus_client keeps the counts of
several workers in one file each, which are added up when somebody asks.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from frontend.api.errors import ErrorType
from frontend.jobs.model import FINISHED, JobState
from ltx_triton.contract import Stage

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client when it is imported
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000)

# With several workers they are left out anyway.
disable_created_metrics()  # type: ignore[no-untyped-call]

_own = CollectorRegistry()
_requests = Counter(
    "ltx_http_requests",
    "Requests that have been answered; endpoint is its template, or none",
    ["endpoint", "status"],
    registry=_own,
)
_finished = Counter(
    "ltx_jobs_finished",
    "Jobs that are over; error_type says why, where they failed",
    ["state", "error_type"],
    registry=_own,
)
_stage_seconds = Histogram(
    "ltx_job_stage_seconds",
    "Seconds that completed jobs spent in each stage",
    ["stage"],
    buckets=_SECONDS,
    registry=_own,
)
_job_seconds = Histogram(
    "ltx_job_seconds",
    "Seconds of completed jobs from the request to the video",
    buckets=_SECONDS,
    registry=_own,
)
_frames = Counter("ltx_frames", "Frames of completed videos", registry=_own)
_video_seconds = Counter("ltx_video_seconds", "Playing time of completed videos", registry=_own)

# A rate needs the zero before the first event.
for _state in (JobState.COMPLETED, JobState.CANCELLED):
    _finished.labels(_state.value, "")
for _kind in (ErrorType.GENERATION, ErrorType.OUT_OF_MEMORY, ErrorType.INTERNAL):
    _finished.labels(JobState.FAILED.value, _kind.value)
for _stage in ("queue", *Stage):
    _stage_seconds.labels(str(_stage))


@contextmanager
def shared_between(workers: int) -> Iterator[None]:
    """Let the worker processes that are started in this context count together."""
    if workers == 1:  # runs in this process
        yield
        return
    with tempfile.TemporaryDirectory(prefix="ltx_counts_") as folder:
        os.environ[_FOLDER] = folder
        yield


def count_request(endpoint: str, status: int) -> None:
    """A request to an endpoint, named by its template, has been answered."""
    _requests.labels(endpoint, str(status)).inc()


def count_ends(changes: Iterable[tuple[str, str | None]]) -> None:
    """Count those jobs as over whose new state, given with its error type, is an end."""
    for state, error_type in changes:
        if state in FINISHED:
            _finished.labels(state, error_type or "").inc()


def count_video(frames: int, frame_rate: float, stage_seconds: Mapping[str, float]) -> None:
    """A video has been completed; `stage_seconds` are all its stages, the queue included."""
    for stage, seconds in stage_seconds.items():
        _stage_seconds.labels(stage).observe(seconds)
    _job_seconds.observe(sum(stage_seconds.values()))
    _frames.inc(frames)
    _video_seconds.inc(frames / frame_rate)


def counts() -> bytes:
    """All counts of all workers, in the Prometheus text format."""
    if _FOLDER not in os.environ:
        return generate_latest(_own)
    merged = CollectorRegistry()
    MultiProcessCollector(merged)  # type: ignore[no-untyped-call]
    return generate_latest(merged)
