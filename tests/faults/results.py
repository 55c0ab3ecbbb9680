"""The raw results of a run."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.faults.random_kills import RandomKills, Round
from tests.faults.soak import Sample, Soak
from tests.faults.tally import Tally

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Results:
    tallies: list[Tally]
    random_kills: RandomKills
    soak: Soak

    def all_tallies(self) -> list[Tally]:
        return [*self.tallies, self.random_kills.tally()]

    def unclean(self) -> list[str]:
        """Return the names of what lost a job, wasted an attempt, leaked or grew."""
        faults = [each.scenario for each in self.all_tallies() if not each.is_clean]
        return faults if self.soak.is_clean else [*faults, "soak"]

    def save(self) -> None:
        kills, soak = asdict(self.random_kills), asdict(self.soak)
        parts = {
            "tallies": _lines(map(asdict, self.tallies)),
            "rounds": _lines(kills["rounds"]),
            "left": json.dumps(kills["left"]),
            "samples": _lines(soak.pop("samples")),
            "soak": json.dumps(soak),
        }
        body = ",\n".join(f'"{name}": {text}' for name, text in parts.items())
        RESULTS.write_text(f"{{\n{body}\n}}\n")

    @classmethod
    def load(cls) -> "Results":
        parts = json.loads(RESULTS.read_text())
        return cls(
            [Tally(**each) for each in parts["tallies"]],
            RandomKills([Round(**each) for each in parts["rounds"]], parts["left"]),
            Soak(**parts["soak"], samples=[Sample(**each) for each in parts["samples"]]),
        )


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    """Return a JSON list with a line for each row."""
    return "[\n" + ",\n".join(f" {json.dumps(row)}" for row in rows) + "\n]"
