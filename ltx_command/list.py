"""`ltx-video list`: the jobs of a service."""

import json
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import click

from frontend.client import ApiClient, JobStatus
from frontend.jobs.model import JobState
from ltx_command.connection import with_api

_ROW = "{:32}  {:19}  {:9}  {:>9}  {:>7}  {}"
_HEADINGS = ("ID", "CREATED (UTC)", "STATE", "SIZE", "SECONDS", "PROMPT")


@click.command("list")
@click.option(
    "--state",
    multiple=True,
    type=click.Choice([state.value for state in JobState]),
    help="Only jobs in this state; may be repeated.",
)
@click.option("--text", help="Only jobs whose prompt has this text.")
@click.option(
    "--since",
    metavar="TIME",
    help="Only jobs created then or later: a time in UTC, such as 2026-01-31 or "
    "2026-01-31T18:00, or seconds since 1970.",
)
@click.option("--limit", type=int, help="Jobs to list at most, from 1 to 100; 20 by default.")
@click.option(
    "--after",
    metavar="ID",
    help="Only jobs behind this one; the last line of a page names it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the service's answer as JSON.")
@with_api
def command(api: ApiClient, as_json: bool, **query: Any) -> None:
    """List the jobs of a running service, the newest first."""
    page = api.jobs({name: value for name, value in query.items() if value not in (None, ())})
    if as_json:
        click.echo(json.dumps(page, indent=2))
        return
    for line in _table(page["jobs"]):
        click.echo(line)
    if page["next"]:
        click.echo(f"More: --after {page['next']}", err=True)


def _table(jobs: list[JobStatus]) -> Iterator[str]:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    yield _ROW.format(*_HEADINGS)[:width]
    for job in jobs:
        yield _ROW.format(
            job["job_id"],
            job["created_at"],
            job["status"],
            job["resolution"],
            f"{job['num_frames'] / job['fps']:.1f}",
            _one_line(job["prompt"]),
        )[:width]


def _one_line(text: str) -> str:
    """Replace what would move the cursor."""
    return "".join(char if char.isprintable() else " " for char in text)
