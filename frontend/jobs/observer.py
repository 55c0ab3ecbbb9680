"""Observe jobs that end, to count them."""

from collections.abc import Mapping


class JobObserver:
    """Called after the change is stored, by the process that made it. This one ignores it."""

    def job_finished(self, state: str, error_type: str | None) -> None:
        """`state` and `error_type` as they are stored."""

    def video_completed(
        self, frames: int, frame_rate: float, stage_seconds: Mapping[str, float]
    ) -> None:
        """`stage_seconds` holds all stages, the queue included."""


UNOBSERVED = JobObserver()
