"""The option of commands that serve models or look at them."""

from pathlib import Path

import click

from ltx_command.connection import Command
from ltx_triton.repository.layout import SERVED_REPOSITORY


def _served(_context: click.Context, _option: click.Parameter, folder: Path) -> Path:
    """Know the folder that is prepared, however it is written."""
    return SERVED_REPOSITORY if folder.resolve() == SERVED_REPOSITORY.resolve() else folder


def with_model_repository(command: Command) -> Command:
    """Give the command the folder of the models as `model_repository`."""
    return click.option(
        "--model-repository",
        type=click.Path(path_type=Path),
        callback=_served,
        default=SERVED_REPOSITORY,
        show_default=True,
        help="Folder with the exported models.",
    )(command)
