"""Check ratios of one short interleaved run, for CI: seconds differ between machines."""

from pathlib import Path

from benchmarks.measurement import paired_ratio
from benchmarks.report.figures import Figures
from benchmarks.suite import request

_ROUNDS = 9
_MAX_RATIO = 0.65  # time of the service over diffusers', POST to MP4
_MAX_OVERHEAD = 0.25  # share of the service's time outside the engines


def failures(repository: Path) -> list[str]:
    """Describe each limit that is exceeded."""
    with request.systems(repository, compiled=False) as running:
        figures = Figures(request.in_turns(running, _ROUNDS))
    ratio = paired_ratio(
        figures.stage("service", request.TOTAL), figures.stage("diffusers", request.TOTAL)
    )
    overhead = figures.overhead()
    print(f"service / diffusers: {ratio}\noutside the engines: {overhead:.1%}")
    found = []
    if ratio.value > _MAX_RATIO:
        found.append(f"service / diffusers is {ratio.value:.2f}, limit {_MAX_RATIO}")
    if overhead > _MAX_OVERHEAD:
        found.append(
            f"{overhead:.1%} of a request is outside the engines, limit {_MAX_OVERHEAD:.0%}"
        )
    return found
