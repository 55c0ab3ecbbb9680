"""Print time and memory of plan builds."""

import resource
from collections.abc import Sequence
from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True)
class PlanReport:
    """One line of the table."""

    model: str
    current: bool  # was there already and has been kept
    seconds: float
    plan_bytes: int
    activation_bytes: int | None  # GPU memory beside weights and tensors; None: not opened
    host_peak_bytes: int  # of this process, up to here


def host_peak_bytes() -> int:
    """Return the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def print_reports(reports: Sequence[PlanReport]) -> None:
    """Print the table."""
    print(f"  {'plan':<16}{'seconds':>10}{'MiB':>10}{'activations':>14}{'host peak':>12}")
    for report in reports:
        seconds = "current" if report.current else f"{report.seconds:.0f}"
        activations = "" if report.activation_bytes is None else _mib(report.activation_bytes)
        print(
            f"  {report.model:<16}{seconds:>10}{_mib(report.plan_bytes):>10}{activations:>14}"
            f"{_mib(report.host_peak_bytes):>12}"
        )


def _mib(size: int) -> str:
    return f"{size / _MIB:.0f}"
