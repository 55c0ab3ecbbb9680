"""A quick guard for CI: ratios of one interleaved run, as seconds differ between machines."""

from pathlib import Path
from statistics import median

from benchmarks.measurement import paired_ratio
from benchmarks.result import find
from benchmarks.suite import request

_ROUNDS = 9
_MOST_OF_DIFFUSERS = 0.65  # of its time, POST to MP4
_MOST_BESIDE_ENGINES = 0.25  # of the service's time, that is not in its engines


def check(repository: Path) -> list[str]:
    """What is worse than it may be, in words."""
    with request.contenders(repository, compiled=False) as running:
        measured = list(request.in_turns(running, _ROUNDS))

    def total(contender: str) -> list[float]:
        return find(measured, request.PART, "s", contender=contender, stage=request.TOTAL)

    ratio = paired_ratio(total("service"), total("diffusers"))
    beside = 1 - median(
        bare / whole for bare, whole in zip(total("bare engines"), total("service"), strict=True)
    )
    print(f"service / diffusers: {ratio}\nservice, not in its engines: {beside:.1%}")
    lost = []
    if ratio.value > _MOST_OF_DIFFUSERS:
        lost.append(f"service / diffusers is {ratio.value:.2f}, over {_MOST_OF_DIFFUSERS}")
    if beside > _MOST_BESIDE_ENGINES:
        lost.append(f"{beside:.1%} of a request is not in engines, over {_MOST_BESIDE_ENGINES:.0%}")
    return lost
