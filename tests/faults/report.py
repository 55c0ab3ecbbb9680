"""docs/reliability.md, from the tallies of a run."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.report.markdown import table
from tests.faults.tally import Tally

RESULTS = Path(__file__).with_name("results.json")
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
_HOW = """\
`make test-faults` runs all of it and writes this page; the tests run three of the scenarios.
What operators can do is in [Operations](operations.md).
"""


def save(tallies: Sequence[Tally]) -> None:
    RESULTS.write_text(json.dumps([asdict(each) for each in tallies], indent=1) + "\n")


def load() -> list[Tally]:
    return [Tally(**each) for each in json.loads(RESULTS.read_text())]


def text(tallies: Sequence[Tally]) -> str:
    rows = [
        [
            *(each.scenario, f"{each.accepted}", f"{each.completed}", f"{each.failed}"),
            *(f"{each.lost}", f"{each.done_twice}", f"{each.second_attempts}", f"{each.leaked}"),
            f"{each.seconds:.0f}",
        ]
        for each in tallies
    ]
    return "\n".join([_INTRODUCTION, table(_HEAD, rows), "", _HOW])
