"""The option of commands that serve models or look at them."""

from pathlib import Path

import click

from ltx_command.connection import Command
from ltx_triton.repository.layout import MODELS_FOLDER, SERVED_REPOSITORY


def _known(_context: click.Context, _option: click.Parameter, folder: Path) -> Path:
    """Know a folder that is prepared, however it is written."""
    resolved = folder.resolve()
    if resolved == SERVED_REPOSITORY.resolve():
        return SERVED_REPOSITORY
    if resolved.parent == MODELS_FOLDER.resolve():
        return MODELS_FOLDER / resolved.name
    return folder


def with_model_repository(command: Command) -> Command:
    """Give the command the folder of the models as `model_repository`."""
    return click.option(
        "--model-repository",
        type=click.Path(path_type=Path),
        callback=_known,
        default=SERVED_REPOSITORY,
        show_default=True,
        help="Folder with the exported models.",
    )(command)
