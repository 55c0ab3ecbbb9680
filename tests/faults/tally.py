"""Count what has become of the jobs and of the machine."""

import time
from dataclasses import dataclass
from typing import Any

from tests.faults.service import FaultyService, wait_until

_JOBS = 6
_LEVELS = ("WARNING", "ERROR  ", "CRITICAL")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What has become of jobs."""

    accepted: int
    completed: int
    failed: int
    lost: int
    done_twice: int
    second_attempts: int  # jobs that needed another attempt
    seconds: float  # from the fault until all jobs are over and the service is healthy


@dataclass(frozen=True, kw_only=True)
class Tally(Outcome):
    scenario: str
    interrupts: bool  # whether an attempt at a job may be lost
    more_open_files: int  # after it than before it
    leaked: int  # processes, partial videos, temporary folders, shared memory after the stop
    log_lines: int  # at WARNING and above

    @property
    def is_clean(self) -> bool:
        return (
            self.completed == self.accepted
            and not (self.failed or self.lost or self.done_twice or self.leaked)
            and (self.interrupts or not self.second_attempts)
        )


def warm_up(service: FaultyService) -> None:
    service.finish([service.post()])


def post_jobs(service: FaultyService) -> list[str]:
    return [service.post(seed=number) for number in range(_JOBS)]


def finish_jobs(service: FaultyService, jobs: list[str], began: float) -> Outcome:
    """Wait for the jobs and for the service, at whose `began` the fault came."""
    answers = service.finish(jobs)
    wait_until(service.is_healthy, "healthy")
    seconds = time.monotonic() - began
    states = [answer["status"] for answer in answers]
    log = service.log_lines()
    return Outcome(
        accepted=len(jobs),
        completed=states.count("completed"),
        failed=states.count("failed"),
        lost=states.count("lost"),
        done_twice=sum(_completions(log, job_id) > 1 for job_id in jobs),
        second_attempts=sum(answer.get("attempts", 1) > 1 for answer in answers),
        seconds=round(seconds, 1),
    )


def stop(service: FaultyService) -> dict[str, Any]:
    """Stop the service; return what it leaves, as fields of a tally."""
    assert service.stop() == 0
    service.wait_until_gone()
    log = service.log_lines()
    return {
        "leaked": len(service.leftovers()),
        "log_lines": sum(any(f" {level} " in line for level in _LEVELS) for line in log),
    }


def _completions(log: list[str], job_id: str) -> int:
    return sum(f"job {job_id} completed" in line for line in log)
