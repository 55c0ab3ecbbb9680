"""`ltx-video generate`: make a video on a service."""

from pathlib import Path

import click

from frontend.client import ApiClient, make_video
from ltx_command.connection import with_api
from ltx_command.progress import Progress
from ltx_command.video_options import output_option, report, unwritable_folder, with_video_fields
from ltx_triton.launcher.signals import raise_on_termination


@click.command("generate")
@click.argument("prompt")
@with_video_fields
@output_option("an MP4 of the server's name in the current folder")
@with_api
def command(
    api: ApiClient, prompt: str, output: Path | None, **parameters: str | float | None
) -> None:
    """Make a video of a text on a running service.

    Sends the PROMPT, shows the progress and downloads the video; Ctrl-C cancels the job. The ranges
    and defaults below are those of a service with default settings; the service has the last word.
    """
    if output is None and (problem := unwritable_folder(Path())):
        raise click.ClickException(problem)
    raise_on_termination()
    given = {name: value for name, value in parameters.items() if value is not None}
    with Progress() as progress:
        video = make_video(api, {"prompt": prompt, **given}, output, progress)
    report(video)
