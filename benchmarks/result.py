"""What a run of the suite leaves behind: a JSON file for each part."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import Machine
from benchmarks.measurement import Measurement

FOLDER = Path(__file__).parent / "results" / "suite"


@dataclass(frozen=True)
class Result:
    """The measurements of one part, and on what they were taken."""

    machine: Machine
    command: str
    measurements: list[Measurement]

    def save(self, file: Path) -> None:
        """Write a file that `load` reads."""
        file.parent.mkdir(parents=True, exist_ok=True)
        # A line for each measurement, so that a difference between two files can be read.
        measurements = ",\n".join(json.dumps(asdict(each)) for each in self.measurements)
        about = json.dumps({"machine": asdict(self.machine), "command": self.command}, indent=1)
        text = f'{about[:-2]},\n "measurements": [\n{measurements}\n]}}\n'
        file.write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> "Result":
        """Read what `save` wrote.

        Raises:
            ValueError: it is not such a file.
        """
        try:
            fields = json.loads(file.read_text(encoding="utf-8"))
            return cls(
                machine=Machine(**fields["machine"]),
                command=fields["command"],
                measurements=[Measurement(**each) for each in fields["measurements"]],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{file} is not a result of this suite: {error!r}") from error


def load_all(path: Path) -> list[Result]:
    """The results in a folder, or that in a file.

    Raises:
        ValueError: there are none.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise ValueError(f"{path} holds no results: `python -m benchmarks run` makes them")
    return [Result.load(file) for file in files]


def find(
    measurements: Iterable[Measurement], part: str, unit: str, **labels: str | int
) -> list[float]:
    """The samples of the one measurement that has all these labels.

    Raises:
        LookupError: there is none, or more than one.
    """
    found = [
        each
        for each in measurements
        if each.part == part and each.unit == unit and labels.items() <= dict(each.labels).items()
    ]
    if len(found) != 1:
        raise LookupError(f"{len(found)} measurements of {part} in {unit} have {labels}")
    return found[0].samples
