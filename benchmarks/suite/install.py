"""Size of the packages that serving needs, the project itself left out."""

from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from benchmarks.measurement import Measurement

PART = "install"
_PROJECT = "ltx-triton"


def measure(_rounds: int, _repository: Path) -> Iterator[Measurement]:
    for package in sorted(requirements(_PROJECT)):
        size = float(installed_bytes(distribution(package)))
        yield Measurement(PART, {"package": package}, "bytes", [size])


def requirements(package: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """Return what a package needs here, directly or not.

    Raises:
        importlib.metadata.PackageNotFoundError: some of it is not installed.
    """
    found: set[str] = set()
    pending, seen = [(package, extras)], set()
    while pending:
        name, wanted = pending.pop()
        for line in distribution(name).requires or []:
            needed = Requirement(line)
            # Include the requirements of no extra: the empty one.
            if needed.marker and not any(
                needed.marker.evaluate({"extra": extra}) for extra in {"", *wanted}
            ):
                continue
            below = (distribution(needed.name).name, frozenset(needed.extras))
            if below not in seen:
                seen.add(below)
                pending.append(below)
                found.add(below[0])
    return found


def installed_bytes(package: Distribution) -> int:
    files = (Path(str(file.locate())) for file in package.files or [])
    return sum(file.stat().st_size for file in files if file.is_file())
