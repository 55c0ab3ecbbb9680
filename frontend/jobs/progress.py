"""Percent done and seconds by stage, both from the engine's progress messages."""

import time
from dataclasses import dataclass, field

from ltx_triton.contract import Progress, Stage

_UNITS_BESIDES_STEPS = 3  # text, decode, mp4


def percent(stage: str | None, step: int, total_steps: int) -> float:
    """Weigh text, decoding and MP4 like one denoising step each."""
    done = {
        None: 0,
        Stage.TEXT: 0,
        Stage.DENOISE: 1 + step,
        Stage.DECODE: 1 + total_steps,
        Stage.MP4: 2 + total_steps,
    }[Stage(stage) if stage else None]
    return round(100 * done / (total_steps + _UNITS_BESIDES_STEPS), 1)


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
