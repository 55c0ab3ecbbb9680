"""Time sizes that are not square, without HTTP."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.baselines.case import Case
from benchmarks.measurement import Measurement
from benchmarks.suite.contenders import Start, peers
from benchmarks.suite.request import REQUEST, in_turns, systems

PART = "rectangles"
_SIZES = ((512, 288), (288, 512), (704, 480))  # pixels, width and height


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Time each size in turns, with shapes that are not fixed."""
    with systems(repository, _with_free_shapes) as running:
        takes_rectangles = {name: each for name, each in running.items() if name != "service"}
        for width, height in _SIZES:
            yield from in_turns(
                takes_rectangles,
                REQUEST.model_copy(update={"width": width, "height": height}),
                rounds,
                part=PART,
                labels={"width": width, "height": height},
            )


def _with_free_shapes(case: Case) -> Mapping[str, Start]:
    names = ("optimum-intel dynamic", "OpenVINO GenAI")
    return {name: start for name, start in peers(case).items() if name in names}
