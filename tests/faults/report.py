"""docs/reliability.md, from the results of a run."""

from collections import Counter
from pathlib import Path

from benchmarks.report.markdown import table
from tests.faults.random_kills import RandomKills
from tests.faults.results import Results
from tests.faults.soak import MARGIN, QUANTITIES, Soak
from tests.faults.tally import Tally

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"

_HEAD = [
    *("fault", "accepted", "completed", "failed", "lost", "done twice", "second attempts"),
    *("leaked", "seconds"),
]
_INTRODUCTION = """\
# Reliability

Each row is a fault, injected for real into the service that `make serve` starts, while it makes
six videos on a CPU with the demo checkpoint. *Seconds* run from the fault until all videos are
made and the service is healthy again, including any restart. *Second attempts* counts jobs
interrupted by the death of an engine or encoder at work on them. *Leaked* counts processes,
partial videos, temporary folders and shared memory after the service has stopped.
"""
_NOTES = """\
- PostgreSQL is away for longer than the lease of a job, which is 10 s.
- The disk that fills up is a tmpfs of 160 MB, filled to the last byte. On the one of 2 MB the
  service starts, refuses every request with 507 and says in `/health` why, until there is room.
- The clock is the one that the Python of the frontend and the launcher reads.
- Random kills hit one service, which makes six videos in each round. The seed of a round chooses
  a moment of the time that six videos take undisturbed, and one of the roles that run then. After
  a kill of the launcher or of the API's parent the service is started again. *Seconds* are the
  longest round's.
"""
_SOAK = """\
## Soak

Four clients at once ask for videos of 64 pixels square and 1 s, and of 256 pixels and 8 s; they
cancel some, and hang up in bodies, while they wait, and in downloads. *Errors* are answers of 500
and above, and answers that do not come.
"""
_LEVELS = f"""\
Means of samples every 10 s; growth of more than {MARGIN:.0%} would count as a leak.
"""
_HOW = """\
`make test-faults` runs all of it and writes this page; the tests run five of the scenarios.
[Operations](operations.md) says what operators can do.
"""


def text(results: Results) -> str:
    faults = table(_HEAD, map(_row, results.all_tallies()))
    notes = f"{_NOTES}{_victims(results.random_kills)}\n"
    soak = results.soak
    parts = [_INTRODUCTION, faults, "", notes, _SOAK, _counts(soak), "", _LEVELS, _levels(soak)]
    return "\n".join([*parts, "", _HOW])


def _row(tally: Tally) -> list[str]:
    counts = (
        *(tally.accepted, tally.completed, tally.failed, tally.lost, tally.done_twice),
        *(tally.second_attempts, tally.leaked),
    )
    return [tally.scenario, *map(str, counts), f"{tally.seconds:.0f}"]


def _victims(kills: RandomKills) -> str:
    numbers = Counter(each.victim for each in kills.rounds).most_common()
    return f"  Killed were {', '.join(f'{victim} {number}' for victim, number in numbers)}."


def _counts(soak: Soak) -> str:
    cells = {
        "minutes": f"{soak.minutes:g}",
        "accepted": f"{soak.accepted}",
        "completed": f"{soak.completed}",
        "cancelled": f"{soak.cancelled}",
        "failed": f"{soak.failed}",
        "lost": f"{soak.lost}",
        "done twice": f"{soak.done_twice}",
        "hang-ups": f"{soak.hang_ups}",
        "errors": f"{soak.errors}",
        "leaked": f"{soak.leaked}",
    }
    return table(cells.keys(), [cells.values()])


def _levels(soak: Soak) -> str:
    rows = [
        [
            name,
            *(f"{soak.level(third, quantity):.0f}" for third in (1, 2)),
            f"{soak.growth(quantity):+.1%}",
        ]
        for name, quantity in QUANTITIES.items()
    ]
    return table(["level", "middle third", "last third", "growth"], rows)
