"""Check fusions, and ratios of one short interleaved run, for CI: seconds differ by machine."""

from pathlib import Path

from benchmarks import fusion
from benchmarks.measurement import paired_ratio
from benchmarks.report.figures import Figures
from benchmarks.suite import request
from benchmarks.suite.contenders import IN_PROCESS, TOTAL, diffusers
from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision

_ROUNDS = 5
_BASELINE = "diffusers"  # eager in FP32: CI has no environments of the other peers
_MAX_RATIO = {  # time of the service over diffusers', POST to MP4
    CpuPrecision.FP32: 0.9,  # 0.77 (0.67 to 0.81) measured on two cores with AVX2
    CpuPrecision.BF16: 0.65,  # 0.43 (0.41 to 0.46) measured on two cores with AVX-512 BF16
}
_MAX_OVERHEAD = 0.25  # share of the service's time outside the engines; 0.10 to 0.16 measured


def failures(repository: Path) -> list[str]:
    """Describe each limit that is exceeded."""
    precision = select_cpu_precision()
    with request.systems(repository, lambda case: {_BASELINE: diffusers(case)[_BASELINE]}) as all_:
        needed = {name: all_[name] for name in (_BASELINE, IN_PROCESS, "service")}
        figures = Figures(request.in_turns(needed, request.REQUEST, _ROUNDS))
    ratio = paired_ratio(figures.stage("service", TOTAL), figures.stage(_BASELINE, TOTAL))
    overhead = figures.overhead()
    print(f"service / diffusers, {precision}: {ratio}\noutside the engines: {overhead:.1%}")
    found = [text for each in CpuPrecision for text in fusion.lost(repository, each)]
    limit = _MAX_RATIO[precision]
    if ratio.value > limit:
        found.append(f"service / diffusers in {precision} is {ratio.value:.2f}, limit {limit}")
    if overhead > _MAX_OVERHEAD:
        found.append(
            f"{overhead:.1%} of a request is outside the engines, limit {_MAX_OVERHEAD:.0%}"
        )
    return found
