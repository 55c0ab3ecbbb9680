"""`ltx-video reproduce`: make a video again from its receipt."""

from pathlib import Path

import click
from pydantic import ValidationError

from frontend.client import ApiClient
from frontend.jobs.receipt import Receipt
from frontend.reproduce import reproduce
from ltx_command.connection import with_api
from ltx_command.progress import Progress
from ltx_triton.launcher.signals import raise_on_termination

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("reproduce")
@click.argument("receipt", type=_FILE)
@click.option("--video", type=_FILE, help="The first video, to compare the frames with.")
@with_api
def command(api: ApiClient, receipt: Path, video: Path | None) -> None:
    """Make a video again and compare it with the first one.

    RECEIPT is a file with the answer of GET /jobs/ID/receipt. Ends with exit code 0 if the two
    files or their frames are the same, and with 1 if they differ.
    """
    try:
        parsed = Receipt.model_validate_json(receipt.read_bytes())
    except OSError as error:
        raise click.ClickException(f"{receipt} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(map(str, problem["loc"]))
        raise click.ClickException(f"{receipt} is no receipt: {field} {problem['msg']}") from error
    raise_on_termination()
    with Progress() as progress:
        comparison = reproduce(parsed, api, video, progress)
    click.echo(comparison)
    if not comparison.is_same_file and comparison.largest_difference != 0:
        raise SystemExit(1)
