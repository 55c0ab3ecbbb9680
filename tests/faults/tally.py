"""Run a scenario and count what has become of the jobs and of the machine."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.scenarios import Scenario
from tests.faults.service import FaultyService, wait_until

_JOBS = 6


@dataclass(frozen=True)
class Tally:
    scenario: str
    accepted: int
    completed: int
    failed: int
    lost: int
    done_twice: int
    second_attempts: int  # jobs that needed another attempt
    seconds: float  # from the fault until all jobs are over and the service is healthy
    more_open_files: int  # after it than before it
    leaked: int  # processes, partial videos, temporary folders, shared memory after the stop
    log_lines: int  # at WARNING and above

    @property
    def is_clean(self) -> bool:
        return self.completed == self.accepted and not (
            self.failed or self.lost or self.done_twice or self.leaked
        )


def run(scenario: Scenario, repository: Path) -> Tally:
    with tempfile.TemporaryDirectory(prefix="faults_") as folder:
        service = FaultyService(repository, Path(folder), **scenario.environment)
        service.remember_foreign_regions()
        service.start()
        try:
            return _run(scenario, service)
        finally:
            for process in service.survivors():
                process.kill()


def _run(scenario: Scenario, service: FaultyService) -> Tally:
    warm_up = service.post()
    assert warm_up
    service.finish([warm_up])
    files = service.open_files()

    posted = [service.post(seed=number) for number in range(_JOBS)]
    accepted = [job_id for job_id in posted if job_id]
    service.wait_for_stage(accepted[0], scenario.stage)
    began = time.monotonic()
    scenario.inject(service)
    answers = service.finish(accepted)
    wait_until(service.is_healthy, "healthy")
    seconds = time.monotonic() - began

    more_files = service.open_files() - files
    assert service.stop() == 0
    wait_until(lambda: not service.survivors(), "all processes gone")
    log = service.log.read_text(errors="replace").splitlines()
    states = [answer["status"] for answer in answers]
    return Tally(
        scenario=scenario.name,
        accepted=len(accepted),
        completed=states.count("completed"),
        failed=states.count("failed"),
        lost=states.count("lost"),
        done_twice=sum(_completions(log, job_id) > 1 for job_id in accepted),
        second_attempts=sum(answer.get("attempts", 1) > 1 for answer in answers),
        seconds=round(seconds, 1),
        more_open_files=more_files,
        leaked=len(service.leftovers()),
        log_lines=sum(any(f" {level} " in line for level in _LEVELS) for line in log),
    )


_LEVELS = ("WARNING", "ERROR  ", "CRITICAL")


def _completions(log: list[str], job_id: str) -> int:
    return sum(f"job {job_id} completed" in line for line in log)
