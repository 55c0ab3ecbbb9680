"""The progress of a job: a bar on a terminal, else one line for each stage."""

import sys
from typing import Self

import click
from tqdm import tqdm

from frontend.client import JobStatus

_BAR = "{desc:<22}{percentage:3.0f}% |{bar}| {elapsed}{postfix}"


class Progress:
    """Writes to stderr, as a context manager that is called with each status of one job."""

    def __init__(self) -> None:
        # Without a terminal, tqdm would write a line for each status.
        self._bar = tqdm(total=100, bar_format=_BAR, disable=not sys.stderr.isatty())
        self._is_accepted = False
        self._told = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def __call__(self, status: JobStatus) -> None:
        if not self._is_accepted:
            self._is_accepted = True
            self._write(f"Job {status['job_id']}")
            for warning in status.get("warnings", ()):
                self._write(f"Warning: {warning}")
        stage = status.get("stage") or status["status"]
        if self._bar.disable:
            if stage != self._told:
                self._write(f"{_describe(status)}{_left(status)}")
        else:
            self._bar.set_description_str(_describe(status), refresh=False)
            self._bar.set_postfix_str(_left(status).removeprefix(", "), refresh=False)
            self._bar.n = status.get("percent", 0)
            self._bar.refresh()
        self._told = stage

    def _write(self, line: str) -> None:
        with self._bar.external_write_mode(file=sys.stderr):
            click.echo(line, err=True)


def _describe(status: JobStatus) -> str:
    if status["status"] == "queued":
        return f"queued, position {status.get('queue_position', '?')}"
    if status.get("stage") == "denoise":
        return f"step {status['step']} of {status['total_steps']}"
    return str(status.get("stage") or status["status"])


def _left(status: JobStatus) -> str:
    seconds = status.get("eta_seconds")
    if seconds is None:
        return ""
    return f", {seconds:.0f} s left" if seconds < 100 else f", {seconds / 60:.0f} min left"
