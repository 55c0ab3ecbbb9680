"""The progress of a job: a bar on a terminal, else one line for each stage."""

import sys
from typing import Never, Self

import click
from tqdm import tqdm

from frontend.client import JobStatus

_BAR = "{desc:<22}{percentage:3.0f}% |{bar}| {elapsed}{postfix}"


class Progress:
    """Writes to stderr, as a context manager that is called with each status of one job."""

    def __init__(self) -> None:
        self._bar: tqdm[Never] | None = None
        self._stage = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, status: JobStatus) -> None:
        if not self._stage:
            click.echo(f"Job {status['job_id']}", err=True)
            for warning in status.get("warnings", ()):
                click.echo(f"Warning: {warning}", err=True)
            if sys.stderr.isatty():
                self._bar = tqdm(total=100, bar_format=_BAR)
        stage = status.get("stage") or status["status"]
        if self._bar is not None:
            self._bar.set_description_str(_describe(status), refresh=False)
            self._bar.set_postfix_str(_left(status), refresh=False)
            self._bar.n = status.get("percent", 0)
            self._bar.refresh()
        elif stage != self._stage:
            click.echo(", ".join(filter(None, (_describe(status), _left(status)))), err=True)
        self._stage = stage


def _describe(status: JobStatus) -> str:
    if status["status"] == "queued":
        return f"queued, position {status.get('queue_position', '?')}"
    if status.get("stage") == "denoise":
        return f"step {status['step']} of {status['total_steps']}"
    return str(status.get("stage") or status["status"])


def _left(status: JobStatus) -> str:
    seconds = status.get("eta_seconds")
    return "" if seconds is None else f"{rounded(seconds)} left"


def rounded(seconds: float) -> str:
    """Say an estimate in the unit that a reader expects."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
