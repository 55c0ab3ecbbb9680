"""`ltx-video delete`: remove jobs with their videos."""

import click

from frontend.client import ApiClient, ConflictError, NotFoundError
from ltx_command.connection import with_api


@click.command("delete")
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@with_api
def command(api: ApiClient, job_ids: tuple[str, ...]) -> None:
    """Delete jobs with their videos from a running service.

    `ltx-video list` shows the IDs. Jobs that are queued or running are cancelled first.
    """
    failed = False
    for job_id in job_ids:
        try:
            _delete(api, job_id)
        except (NotFoundError, ConflictError) as error:
            failed = True
            click.echo(f"Error: {job_id}: {error}", err=True)
        else:
            click.echo(f"deleted {job_id}")
    if failed:
        raise SystemExit(1)


def _delete(api: ApiClient, job_id: str) -> None:
    if api.delete(job_id).get("deleted"):
        return
    answer = api.delete(job_id)  # the first has cancelled it
    if not answer.get("deleted"):
        raise ConflictError(f"is still {answer['status']}; try again when it has stopped")
