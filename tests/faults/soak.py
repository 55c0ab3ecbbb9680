"""Mixed use for a while: do memory, open files and shared memory stay level?"""

import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from tqdm import tqdm

from tests.faults.service import FaultyService, faulty_service, wait_until
from tests.faults.soak_client import SoakClient
from tests.faults.tally import stop, warm_up

MARGIN = 0.05  # of growth, from the middle third to the last

_CLIENTS = 4
_INTERVAL = 10.0  # seconds between samples
_MB = 1e6
_JOB_LINE = re.compile(
    r"job (?P<id>[0-9a-f]{32}) (?P<state>queued size|completed|cancelled|failed)"
)


@dataclass(frozen=True)
class Sample:
    memory_mb: float  # proportional set size of all processes, shared memory included
    open_files: int
    shared_memory_mb: float


QUANTITIES: dict[str, Callable[[Sample], float]] = {
    "memory of all processes, MB": lambda sample: sample.memory_mb,
    "open files": lambda sample: sample.open_files,
    "shared memory, MB": lambda sample: sample.shared_memory_mb,
}


@dataclass(frozen=True)
class Soak:
    minutes: float
    accepted: int
    completed: int
    cancelled: int
    failed: int
    done_twice: int
    hang_ups: int
    errors: int  # answers of 500 and above, and none
    leaked: int
    samples: list[Sample]

    def level(self, third: int, quantity: Callable[[Sample], float]) -> float:
        """Return the mean over the first (0), middle (1) or last (2) third of the time."""
        size = len(self.samples) // 3
        return fmean(map(quantity, self.samples[third * size : (third + 1) * size]))

    def growth(self, quantity: Callable[[Sample], float]) -> float:
        """Return by which part the last third lies above the middle one."""
        return self.level(2, quantity) / self.level(1, quantity) - 1

    @property
    def lost(self) -> int:
        return self.accepted - self.completed - self.cancelled - self.failed

    @property
    def is_clean(self) -> bool:
        wrong = (self.failed, self.lost, self.done_twice, self.errors, self.leaked)
        is_level = all(self.growth(quantity) <= MARGIN for quantity in QUANTITIES.values())
        return is_level and not any(wrong)


def run_soak(repository: Path, minutes: float) -> Soak:
    with faulty_service(repository) as service, ThreadPoolExecutor() as threads:
        service.start()
        warm_up(service)
        until = time.monotonic() + 60 * minutes
        clients = [SoakClient(service, seed) for seed in range(_CLIENTS)]
        running = [threads.submit(client.run, until) for client in clients]
        samples = _sample(service, until)
        for each in running:
            each.result()
        wait_until(lambda: all(_ends(service).values()), "all jobs over", interval=1)
        counts = sum((client.counts for client in clients), Counter())
        leaked = stop(service)["leaked"]
        ends = _ends(service).values()
        return Soak(
            minutes=minutes,
            accepted=len(ends),
            completed=sum("completed" in each for each in ends),
            cancelled=sum("cancelled" in each for each in ends),
            failed=sum("failed" in each for each in ends),
            done_twice=sum(each.count("completed") > 1 for each in ends),
            hang_ups=counts["hang_ups"],
            errors=counts["errors"],
            leaked=leaked,
            samples=samples,
        )


def _ends(service: FaultyService) -> dict[str, list[str]]:
    """Return how each accepted job has ended, from the log."""
    ends: dict[str, list[str]] = {}
    for line in service.log_lines():
        if found := _JOB_LINE.search(line):
            states = ends.setdefault(found["id"], [])
            if found["state"] != "queued size":
                states.append(found["state"])
    return ends


def _sample(service: FaultyService, until: float) -> list[Sample]:
    samples = []
    for _ in tqdm(range(int((until - time.monotonic()) / _INTERVAL)), unit="sample"):
        time.sleep(_INTERVAL)
        samples.append(
            Sample(
                memory_mb=round(service.memory_bytes() / _MB, 1),
                open_files=service.open_files(),
                shared_memory_mb=round(service.shared_memory_bytes() / _MB, 1),
            )
        )
    return samples
