"""`ltx-video export`: make engines of a checkpoint."""

import click

_NAME = "ltx-video export"
_MISSING = "exporting needs {}, which is not installed: pip install 'ltx-triton[export]'"


@click.command(
    "export",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Export a checkpoint to engines: `ltx-video export --help`."""
    try:
        from export.__main__ import main
    except ModuleNotFoundError as error:
        raise click.ClickException(_MISSING.format(error.name)) from error
    raise SystemExit(main(arguments, _NAME))
