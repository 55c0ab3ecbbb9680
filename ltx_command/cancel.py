"""`ltx-video cancel`: stop a job."""

import click

from frontend.client import ApiClient
from ltx_command.connection import with_api


@click.command("cancel")
@click.argument("job_id", metavar="ID")
@with_api
def command(api: ApiClient, job_id: str) -> None:
    """Cancel a job that is queued or running.

    `ltx-video list` shows the IDs. A finished job is left alone: `ltx-video delete` removes it.
    """
    click.echo(f"{job_id} is {api.cancel(job_id)['status']}")
