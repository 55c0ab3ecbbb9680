"""Percent done and seconds by stage, both from the engine's progress messages."""

import time
from dataclasses import dataclass, field

from frontend.jobs.cost import Cost
from ltx_triton.contract import Progress, Stage

_MOST = 99.9  # of a job that is not completed


def percent(progress: Progress, cost: Cost | None) -> float:
    """Weigh the stages by their time; where it is not known, each like one denoising step."""
    steps = progress.total_steps
    weights = (cost or Cost(text=1, step=1, steps=steps, decode=1, mp4=1)).stages
    stages = list(Stage)
    done = sum(weights[stage] for stage in stages[: stages.index(progress.stage)])
    if progress.stage is Stage.DENOISE and steps:
        done += weights[Stage.DENOISE] * progress.step / steps
    total = sum(weights.values())
    return min(_MOST, round(100 * done / total, 1)) if total else 0.0


@dataclass
class StageTimes:
    """Start of each stage by the engine's clock, in seconds since it began the request."""

    _began: dict[Stage, float] = field(default_factory=dict)
    _engine: float = 0.0
    _local: float = field(default_factory=time.monotonic)

    def record(self, progress: Progress) -> None:
        self._began.setdefault(progress.stage, progress.seconds)
        self._engine, self._local = progress.seconds, time.monotonic()

    def seconds(self) -> dict[str, float]:
        """Return the seconds by stage; the last one ends now, by the local clock."""
        stages = [stage for stage in Stage if stage in self._began]
        began = [self._began[stage] for stage in stages]
        now = self._engine + time.monotonic() - self._local
        ended = [*began[1:], now]
        return {
            stage.value: round(end - begin, 3)
            for stage, begin, end in zip(stages, began, ended, strict=True)
        }
