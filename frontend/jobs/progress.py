"""How far a job is, and what each of its stages took; both from the engine's own messages."""

import time
from dataclasses import dataclass, field

from ltx_triton.contract import Progress, Stage

_UNITS_BESIDES_STEPS = 3  # text, decode, mp4


def percent(stage: str | None, step: int, total_steps: int) -> float:
    """Finished units of work: the text, each denoising step, the decoding and the MP4."""
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
    """When each stage began, in seconds since the engine took up the request.

    The engine's clock tells; after its last message the local one goes on from there.
    """

    _began: dict[Stage, float] = field(default_factory=dict)
    _engine: float = 0.0
    _local: float = field(default_factory=time.monotonic)

    def saw(self, progress: Progress) -> None:
        """A progress message has arrived."""
        self._began.setdefault(progress.stage, progress.seconds)
        self._engine, self._local = progress.seconds, time.monotonic()

    def seconds(self) -> dict[str, float]:
        """Seconds by stage, the last of which ends now."""
        stages = [stage for stage in Stage if stage in self._began]
        began = [self._began[stage] for stage in stages]
        now = self._engine + time.monotonic() - self._local
        ended = [*began[1:], now]
        return {
            stage.value: round(end - begin, 3)
            for stage, begin, end in zip(stages, began, ended, strict=True)
        }
