"""The wheel in an empty environment: seconds and bytes until it has made a video."""

import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution
from pathlib import Path

from tqdm import tqdm

from benchmarks.fresh_environment import FreshEnvironment, build_wheel, copy_sources
from benchmarks.measurement import Measurement

PART = "install"
_PROJECT = "ltx-triton"
_PROMPT = "a large blue star moving left on a white background"


def measure(rounds: int, _repository: Path) -> Iterator[Measurement]:
    """Install the wheel and make two videos, once per round."""
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        copy_sources(folder / "source")
        wheel = build_wheel(folder / "source", folder / "dist")
        yield _size("wheel", wheel)
        for number in tqdm(range(rounds), desc=PART, unit="installation"):
            environment = FreshEnvironment.create(folder / f"round {number}")
            downloads = folder / f"downloads {number}"
            for step, work in _steps(environment, wheel, downloads).items():
                started = time.monotonic()
                work()
                seconds.setdefault(step, []).append(time.monotonic() - started)
        yield _size("downloads", downloads)
        yield _size("kept for the user", environment.data)
        for package in sorted(environment.packages(), key=lambda package: package.name):
            if package.name != _PROJECT:
                size = float(installed_bytes(package))
                yield Measurement(PART, {"package": package.name}, "bytes", [size])
    for step, samples in seconds.items():
        yield Measurement(PART, {"step": step}, "s", samples)


def installed_bytes(package: Distribution) -> int:
    return sum(_bytes(Path(str(file.locate()))) for file in package.files or [])


def _steps(
    environment: FreshEnvironment, wheel: Path, downloads: Path
) -> dict[str, Callable[[], None]]:
    def install() -> None:
        environment.install(wheel, "--no-index", "--find-links", downloads)

    def demonstrate() -> None:
        environment.run("ltx-video", "demo", _PROMPT)

    return {
        "download": lambda: environment.download(wheel, downloads),
        "install": install,
        "first demo": demonstrate,
        "second demo": demonstrate,
    }


def _size(what: str, path: Path) -> Measurement:
    files = [path, *path.rglob("*")]
    return Measurement(PART, {"what": what}, "bytes", [float(sum(_bytes(file) for file in files))])


def _bytes(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
