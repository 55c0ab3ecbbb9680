"""A quick guard for CI: ratios of one interleaved run, as seconds differ between machines."""

from pathlib import Path

from benchmarks.measurement import paired_ratio
from benchmarks.report.figures import Figures
from benchmarks.suite import request

_ROUNDS = 9
_MOST_OF_DIFFUSERS = 0.65  # of its time, POST to MP4
_MOST_BESIDE_ENGINES = 0.25  # of the service's time, that is not in its engines


def check(repository: Path) -> list[str]:
    """What is worse than it may be, in words."""
    with request.contenders(repository, compiled=False) as running:
        figures = Figures(request.in_turns(running, _ROUNDS))
    ratio = paired_ratio(
        figures.stage("service", request.TOTAL), figures.stage("diffusers", request.TOTAL)
    )
    beside = figures.beside_engines()
    print(f"service / diffusers: {ratio}\nservice, not in its engines: {beside:.1%}")
    lost = []
    if ratio.value > _MOST_OF_DIFFUSERS:
        lost.append(f"service / diffusers is {ratio.value:.2f}, over {_MOST_OF_DIFFUSERS}")
    if beside > _MOST_BESIDE_ENGINES:
        lost.append(f"{beside:.1%} of a request is not in engines, over {_MOST_BESIDE_ENGINES:.0%}")
    return lost
