"""docs/reliability.md, from the results of a run."""

from pathlib import Path

from benchmarks.report.markdown import table
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
The disk that fills up is a tmpfs of 160 MB, filled to the last byte; on the one of 2 MB every
request is refused with 507 until it grows. The clock is that of the launcher and the frontend.
The random kills hit one service, six videos in each round: the seed of a round chooses one of the
roles that run, launcher and encoders included, and a moment in the first 16 s; a service whose
launcher or API was killed is started again. Their *seconds* are those of the longest round.
"""
_HOW = """\
`make test-faults` runs all of it and writes this page; the tests run five of the scenarios.
What operators can do is in [Operations](operations.md).
"""


def text(results: Results) -> str:
    faults = table(_HEAD, map(_row, results.all_tallies()))
    return "\n".join([_INTRODUCTION, faults, "", _NOTES, _soak_text(results.soak), _HOW])


def _row(tally: Tally) -> list[str]:
    counts = (
        *(tally.accepted, tally.completed, tally.failed, tally.lost, tally.done_twice),
        *(tally.second_attempts, tally.leaked),
    )
    return [tally.scenario, *map(str, counts), f"{tally.seconds:.0f}"]


def _soak_text(soak: Soak) -> str:
    introduction = f"""\
## Soak

In {soak.minutes:.0f} minutes four clients at once had {soak.completed} videos made, of 64 pixels
square and 1 s or 256 and 8 s, cancelled {soak.cancelled} jobs and hung up
{soak.hang_ups} times: in their bodies, while they waited, in a download. {soak.failed} jobs
failed, {soak.accepted - soak.completed - soak.cancelled - soak.failed} were lost,
{soak.done_twice} done twice; {soak.server_errors} answers were server errors, and
{soak.leaked} things leaked. Means of samples every 10 s; growth of more than {MARGIN:.0%} counts
as a leak.
"""
    rows = [
        [
            name,
            *(f"{soak.level(third, quantity):.0f}" for third in (1, 2)),
            f"{soak.growth(quantity):+.1%}",
        ]
        for name, quantity in QUANTITIES.items()
    ]
    head = ["", "middle third", "last third", "growth"]
    return "\n".join([introduction, table(head, rows), ""])
