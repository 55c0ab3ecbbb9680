"""When the jobs that are running and queued will be finished.

The engines take the steps of all denoising jobs in turn, so a small video beside a large one waits
for the large one's steps. Denoising, decoding and encoding share the machine.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from frontend.jobs.cost import Cost
from frontend.jobs.queue import Fits
from ltx_triton.contract import Stage
from ltx_triton.video_spec import VideoSpec


@dataclass
class Task:
    """A job, and what is left of it."""

    job_id: str
    spec: VideoSpec
    step: float  # seconds of a denoising step, alone
    left: dict[Stage, float]  # seconds of each stage that is not finished, alone
    since_report: float = 0.0  # seconds

    @classmethod
    def whole(cls, job_id: str, spec: VideoSpec, cost: Cost) -> "Task":
        return cls(job_id, spec, cost.step, dict(cost.stages))

    @property
    def stage(self) -> Stage:
        return next(iter(self.left))

    def reached(self, stage: Stage, share: float, since_report: float) -> None:
        """Take off what was finished: the stages before this one, and a share of it."""
        for each in list(self.left):
            if each is stage:
                self.left[each] *= 1 - share
                break
            del self.left[each]
        self.since_report = since_report

    def spend(self, seconds: float) -> None:
        """Work for so long, but on nothing whose end would have been reported."""
        left = self.left[self.stage]
        unit = self.step if self.stage is Stage.DENOISE else left
        self.left[self.stage] = max(0.0, left - min(unit, seconds))


def finish_times(
    running: Iterable[Task], queued: Iterable[Task], *, slots: int, fits: Fits, sharing: float
) -> dict[str, float]:
    """Return in how many seconds each job will be finished, if no others come.

    Args:
        queued: in their order.
        slots: jobs that run at once.
        fits: whether a job can run beside others.
        sharing: how much jobs slow each other down, from 0 to 1.
    """
    active, waiting = list(running), deque(queued)
    for task, pace in zip(active, _paces(active, sharing), strict=True):
        task.spend(pace * task.since_report)
    now = 0.0
    finished: dict[str, float] = {}
    while active or waiting:
        while waiting and _has_room(active, waiting[0], slots, fits):
            active.append(waiting.popleft())
        paces = _paces(active, sharing)
        passed = min(task.left[task.stage] / pace for task, pace in zip(active, paces, strict=True))
        now += passed
        for task, pace in zip(active, paces, strict=True):
            stage = task.stage
            task.left[stage] -= passed * pace
            if task.left[stage] <= 1e-9:
                del task.left[stage]
            if not task.left:
                finished[task.job_id] = now
        active = [task for task in active if task.left]
    return finished


def _has_room(active: list[Task], task: Task, slots: int, fits: Fits) -> bool:
    if not active:
        return True
    return len(active) < slots and fits([each.spec for each in active], task.spec)


def _paces(active: list[Task], sharing: float) -> list[float]:
    """Return the seconds of work of each that are done in a second."""
    stages = Counter(task.stage for task in active)
    steps = [task.step for task in active if task.stage is Stage.DENOISE]
    longest = max(steps, default=0.0)
    a_round = longest + sharing * (sum(steps) - longest)
    machine = _slowdown(len(stages), sharing)

    def pace(task: Task) -> float:
        if task.stage is Stage.DENOISE:
            alone = task.step / a_round if a_round else 1.0
        else:
            alone = 1 / _slowdown(stages[task.stage], sharing)
        return max(1e-9, alone / machine)

    return [pace(task) for task in active]


def _slowdown(jobs: int, sharing: float) -> float:
    return 1 + sharing * (jobs - 1)
