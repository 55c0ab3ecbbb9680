"""Run a scenario."""

import time
from dataclasses import asdict
from pathlib import Path

from tests.faults.scenarios import Scenario
from tests.faults.service import faulty_service
from tests.faults.tally import Tally, finish_jobs, post_jobs, stop, warm_up


def run(scenario: Scenario, repository: Path) -> Tally:
    with (
        faulty_service(repository, **scenario.environment) as service,
        scenario.surround(service),
    ):
        service.start()
        warm_up(service)
        files = service.open_files()
        jobs = post_jobs(service)
        service.wait_for_stage(jobs[0], scenario.stage)
        began = time.monotonic()
        scenario.inject(service)
        outcome = finish_jobs(service, jobs, began)
        return Tally(
            scenario=scenario.name,
            interrupts=scenario.interrupts,
            **asdict(outcome),
            more_open_files=service.open_files() - files,
            **stop(service),
        )
