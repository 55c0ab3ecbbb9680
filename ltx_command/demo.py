"""`ltx-video demo`: one video, with a service that is started for it."""

import shlex
import time
from pathlib import Path

import click
from click.core import ParameterSource

from frontend.client import ApiClient, DownloadedVideo, make_video
from frontend.local.api import START_ERRORS, LocalFrontend
from ltx_command.known_models import KNOWN_MODELS
from ltx_command.model_repository import with_model_repository
from ltx_command.progress import Progress
from ltx_command.video_options import DEFAULT_PROMPT, output_option, report, unwritable
from ltx_triton.launcher.local_triton import LocalTriton, log_to_terminal
from ltx_triton.launcher.signals import raise_on_termination
from ltx_triton.repository.prepare import prepare
from ltx_triton.settings import load_settings

_VIDEO = "demo.mp4"
_LOG = "demo.log"
_MODEL_PROMPT = "A cat walking in a garden"


@click.command("demo")
@click.argument("prompt", required=False)
@click.option(
    "--model",
    "model",
    type=click.Choice(list(KNOWN_MODELS)),
    help="A real model in the place of the demo checkpoint. Its first use downloads and exports "
    "it, after saying what that takes.",
)
@click.option("--yes", is_flag=True, help="Do not ask before --model downloads.")
@output_option(f"{_VIDEO} in OUTPUT_DIR")
@with_model_repository
def command(
    prompt: str | None, model: str | None, yes: bool, output: Path | None, model_repository: Path
) -> None:
    """Start the service, make one video over HTTP, and stop it.

    Without a PROMPT the model shows what it can. The service is reached from this machine alone and
    leaves its log and the video in OUTPUT_DIR, ./outputs by default.
    """
    context = click.get_current_context()
    source = context.get_parameter_source("model_repository")
    if yes and not model:
        raise click.UsageError("--yes answers what --model asks: give --model, or leave it out")
    if model and source is not ParameterSource.DEFAULT:
        raise click.UsageError("--model has a repository of its own: leave out --model-repository")
    log_to_terminal()
    folder = load_settings().output_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reason = unwritable(folder / _LOG)
    except OSError as error:
        reason = str(error)
    if reason:
        raise click.ClickException(f"OUTPUT_DIR={folder} cannot be used: {reason}")
    if model:
        from ltx_command.first_run import repository_with  # OpenVINO takes a while

        model_repository = repository_with(model, yes=yes)
    if prompt is None:
        prompt = _MODEL_PROMPT if model else DEFAULT_PROMPT
    raise_on_termination()
    try:
        video = _demonstrate(prompt, model_repository, output or folder / _VIDEO, folder / _LOG)
    except START_ERRORS as error:
        raise click.ClickException(str(error)) from error
    report(video)
    if model:
        served = shlex.quote(str(model_repository))
        click.echo(f"To serve {model} from now on: ltx-video serve --model-repository {served}")


def _demonstrate(prompt: str, repository: Path, output: Path, log: Path) -> DownloadedVideo:
    prepare(repository)
    click.echo("Starting Triton and the frontend ...")
    started = time.perf_counter()
    with (
        LocalTriton(repository).starting() as triton,
        LocalFrontend(
            triton,
            environment={"API_KEY_REQUIRED": "false"},  # on loopback, for one request
            log_file=log,
        ) as frontend,
        ApiClient(frontend.url) as api,
        Progress() as progress,
    ):
        click.echo(f"Ready after {time.perf_counter() - started:.1f} s")
        return make_video(api, {"prompt": prompt}, output, progress)
