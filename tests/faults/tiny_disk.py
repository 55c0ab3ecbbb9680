"""A service that is started on a disk without room, and is given room later."""

import time
from dataclasses import asdict
from pathlib import Path

from frontend.health_reasons import DISK_FULL
from tests.faults.disk import own_disk, resize
from tests.faults.service import FaultyService, faulty_service, wait_until
from tests.faults.tally import Tally, finish_jobs, post_jobs, stop

_REQUESTS = 20
_WATCHED = 10.0  # seconds
_MAX_LOG_LINES = 100


def run_on_tiny_disk(repository: Path) -> Tally:
    with faulty_service(repository) as service, own_disk(service, "2m"):
        service.launch()
        _require_refusals(service)
        files = service.open_files()
        began = time.monotonic()
        resize(service, "250m")
        wait_until(service.is_healthy, "healthy")
        outcome = finish_jobs(service, post_jobs(service), began)
        return Tally(
            scenario="start on a disk of 2 MB, 250 MB later",
            interrupts=False,
            **asdict(outcome),
            more_open_files=service.open_files() - files,
            **stop(service),
        )


def _require_refusals(service: FaultyService) -> None:
    def says_why() -> bool:
        health = service.health()
        return bool(health and health.status_code == 503 and health.json()["reason"] == DISK_FULL)

    wait_until(says_why, "/health says why")
    for _ in range(_REQUESTS):
        answer = service.ask()
        assert answer.status_code == 507, answer.text
        assert "disk of the server is full" in answer.json()["detail"]
    time.sleep(_WATCHED)
    log = service.log_lines()
    assert len(log) < _MAX_LOG_LINES, log
    assert service.health()  # it lives
