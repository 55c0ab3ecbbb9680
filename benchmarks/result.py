"""Result files of the suite: one JSON file per part."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import Machine
from benchmarks.measurement import Measurement

FOLDER = Path(__file__).parent / "results" / "suite"
BF16_FOLDER = FOLDER.with_name("bf16")  # of a processor that has it
REAL_SIZE_FOLDER = FOLDER.with_name("real_size")


@dataclass(frozen=True)
class Result:
    machine: Machine
    command: str
    measurements: list[Measurement]

    def save(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        # One line per measurement keeps diffs readable.
        measurements = ",\n".join(json.dumps(asdict(each)) for each in self.measurements)
        about = json.dumps({"machine": asdict(self.machine), "command": self.command}, indent=1)
        text = f'{about[:-2]},\n "measurements": [\n{measurements}\n]}}\n'
        file.write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> "Result":
        """Read a result file.

        Raises:
            ValueError: not a result file.
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
    """Load all results of a folder, or one file.

    Raises:
        ValueError: no results.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise ValueError(f"no results in {path}: run `python -m benchmarks run` first")
    return [Result.load(file) for file in files]


def find(
    measurements: Iterable[Measurement], part: str, unit: str, **labels: str | int
) -> list[float]:
    """Return the samples of the only measurement with these labels.

    Raises:
        LookupError: none, or more than one.
    """
    found = [
        each
        for each in measurements
        if each.part == part and each.unit == unit and labels.items() <= dict(each.labels).items()
    ]
    if len(found) != 1:
        raise LookupError(f"{len(found)} measurements of {part} in {unit} match {labels}")
    return found[0].samples
