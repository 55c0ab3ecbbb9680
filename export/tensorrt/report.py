"""Print time and memory of plan builds."""

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
    host_peak_bytes: int | None  # while building; None: kept


def print_reports(reports: Sequence[PlanReport]) -> None:
    """Print the table."""
    print(f"  {'plan':<16}{'seconds':>10}{'MiB':>10}{'activations':>14}{'host peak':>12}")
    for report in reports:
        seconds = "current" if report.current else f"{report.seconds:.0f}"
        print(
            f"  {report.model:<16}{seconds:>10}{_mib(report.plan_bytes):>10}"
            f"{_mib(report.activation_bytes):>14}{_mib(report.host_peak_bytes):>12}"
        )


def _mib(size: int | None) -> str:
    return "" if size is None else f"{size / _MIB:.0f}"
