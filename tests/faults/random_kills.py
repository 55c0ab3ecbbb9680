"""kill -9 of a random process of the service at a random moment, round after round."""

import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from tqdm import tqdm

from tests.faults.service import FaultyService, faulty_service, role_of
from tests.faults.tally import Outcome, Tally, finish_jobs, post_jobs, stop, warm_up

SEEDS = range(21, 41)
_ENDS_THE_SERVICE = ("launcher", "API's parent")
_COUNTS = ("accepted", "completed", "failed", "lost", "done_twice", "second_attempts")


@dataclass(frozen=True, kw_only=True)
class Round(Outcome):
    seed: int
    victim: str
    moment: float  # seconds after the jobs were posted


@dataclass(frozen=True)
class RandomKills:
    rounds: list[Round]
    left: dict[str, Any]  # the fields of a tally that are counted at the end

    def tally(self) -> Tally:
        """Sum the rounds up; `seconds` are those of the longest."""
        return Tally(
            scenario=f"kill -9 of a random process, {len(self.rounds)} rounds",
            interrupts=True,
            **{name: sum(getattr(each, name) for each in self.rounds) for name in _COUNTS},
            seconds=max(each.seconds for each in self.rounds),
            **self.left,
        )


def run_random_kills(repository: Path, seeds: Sequence[int]) -> RandomKills:
    """Run the rounds on one service, which is started again where a kill has ended it."""
    with faulty_service(repository, API_WORKERS="2") as service:
        service.start()
        warm_up(service)
        files = service.open_files()
        undisturbed = finish_jobs(service, post_jobs(service), time.monotonic())
        rounds = [
            _run_round(service, seed, undisturbed.seconds) for seed in tqdm(seeds, unit="kill")
        ]
        more_files = service.open_files() - files
        return RandomKills(rounds, {"more_open_files": more_files, **stop(service)})


def _run_round(service: FaultyService, seed: int, latest: float) -> Round:
    chance = random.Random(seed)
    moment = chance.uniform(0, latest)
    jobs = post_jobs(service)
    time.sleep(moment)
    role, process = _choose(service, chance)
    began = time.monotonic()
    with suppress(psutil.NoSuchProcess):  # an encoder may have ended by itself
        process.kill()
    if role in _ENDS_THE_SERVICE:
        service.start_again()
    outcome = finish_jobs(service, jobs, began)
    tqdm.write(f"seed {seed}: {role} killed after {moment:.1f} s: {outcome}")
    return Round(seed=seed, victim=role, moment=round(moment, 1), **asdict(outcome))


def _choose(service: FaultyService, chance: random.Random) -> tuple[str, psutil.Process]:
    """Choose a role first, or most victims would be encoders: one for each running job."""
    by_role: dict[str, list[psutil.Process]] = {}
    for process in service.processes():
        if role := role_of(process):
            by_role.setdefault(role, []).append(process)
    role = chance.choice(sorted(by_role))
    return role, chance.choice(by_role[role])
