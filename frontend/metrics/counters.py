"""Counters for Prometheus, over all workers. No prompt, id or address is a label.

The worker that stores an event counts it. prometheus_client keeps one file for each worker and adds
them up on request.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from frontend.jobs.model import FailureKind, JobState
from frontend.jobs.observer import JobObserver
from ltx_triton.contract import Stage
from ltx_triton.launcher.ownership import OwnedFolder, remove_abandoned

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client when it is imported
_PREFIX = "ltx_counts_"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000)

# prometheus_client leaves them out with several workers; do so with one.
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

# A rate needs a zero before the first event.
for _state in (JobState.COMPLETED, JobState.CANCELLED):
    _finished.labels(_state.value, "")
for _kind in FailureKind:
    _finished.labels(JobState.FAILED.value, _kind.value)
for _stage in ("queue", *Stage):
    _stage_seconds.labels(str(_stage))


@contextmanager
def shared_between(workers: int) -> Iterator[None]:
    """Let the worker processes that start in this context count together."""
    if workers == 1:  # it runs in this process
        with suppress(FileNotFoundError):  # no folder here takes temporary files
            remove_abandoned(_PREFIX, tempfile.gettempdir())
        yield
        return
    folder = OwnedFolder(_PREFIX)
    try:
        os.environ[_FOLDER] = str(folder.path)
        yield
    finally:
        folder.remove()


def count_request(endpoint: str, status: int) -> None:
    """Count an answered request; `endpoint` is its template."""
    _requests.labels(endpoint, str(status)).inc()


class JobCounters(JobObserver):
    """Count the jobs that end in this process."""

    def job_finished(self, state: str, error_type: str | None) -> None:
        _finished.labels(state, error_type or "").inc()

    def video_completed(
        self, frames: int, frame_rate: float, stage_seconds: Mapping[str, float]
    ) -> None:
        for stage, seconds in stage_seconds.items():
            _stage_seconds.labels(stage).observe(seconds)
        _job_seconds.observe(sum(stage_seconds.values()))
        _frames.inc(frames)
        _video_seconds.inc(frames / frame_rate)


def counts() -> bytes:
    """Render the counts of all workers in the Prometheus text format."""
    if _FOLDER not in os.environ:
        return generate_latest(_own)
    merged = CollectorRegistry()
    MultiProcessCollector(merged)  # type: ignore[no-untyped-call]
    return generate_latest(merged)
