"""`ltx-video serve`: the whole service on this machine."""

import contextlib
import logging
import os
from pathlib import Path

import click

from frontend.local.api import START_ERRORS, FrontendStartError, LocalFrontend
from ltx_command.model_repository import with_model_repository
from ltx_triton.launcher.listening import require_free
from ltx_triton.launcher.local_triton import LocalTriton, log_to_terminal
from ltx_triton.launcher.signals import raise_on_termination
from ltx_triton.repository.prepare import prepare
from ltx_triton.settings import Settings, load_settings

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_OPEN_TO_ALL = (
    "Anyone on the network can make and delete videos: set API_KEY_REQUIRED and API_KEY, or "
    "listen on this machine alone with --host 127.0.0.1"
)

log = logging.getLogger(__name__)


@click.command("serve")
@click.option("--host", metavar="ADDRESS", help="Address to listen on, in the place of API_HOST.")
@click.option("--port", metavar="NUMBER", help="Port to listen on, in the place of API_PORT.")
@with_model_repository
def command(host: str | None, port: str | None, model_repository: Path) -> None:
    """Serve the page and the HTTP API until Ctrl-C.

    Triton runs the models behind them. Everything else is set by environment variables: OUTPUT_DIR
    for the folder of the videos, API_KEY_REQUIRED and API_KEY for a key, API_WORKERS,
    MAX_RESOLUTION ... docs/configuration.md lists them all, and `ltx-video doctor` checks them and
    this machine.
    """
    given = {"API_HOST": host, "API_PORT": port}
    os.environ.update({name: value for name, value in given.items() if value is not None})
    log_to_terminal()
    settings = load_settings()
    raise_on_termination()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            _serve(settings, model_repository)
    except START_ERRORS as error:
        raise click.ClickException(str(error)) from error


def _serve(settings: Settings, repository: Path) -> None:
    triton = LocalTriton.from_settings(settings, repository)
    frontend = LocalFrontend(triton, host=settings.api_host, port=settings.api_port)
    require_free(frontend.port, *triton.ports)  # all that are taken at once
    prepare(repository)
    with triton.starting(), frontend:
        log.info("Ready: %s (Ctrl-C stops)", frontend.url)
        if not settings.api_key_required and settings.api_host not in _LOOPBACK:
            log.warning(_OPEN_TO_ALL)
        raise FrontendStartError(f"the frontend ended (exit {frontend.wait()})")
