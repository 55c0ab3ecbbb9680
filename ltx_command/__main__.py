"""`ltx-video`, or `python -m ltx_command`: serve videos, and use a service."""

from importlib import import_module
from typing import Any

import click

from frontend.client import ClientError, UnauthorizedError
from ltx_command.connection import API_KEY_VARIABLE
from ltx_triton import __version__

COMMANDS = (
    *("demo", "serve", "generate", "list", "cancel", "delete", "reproduce"),
    *("export", "doctor"),
)
_INTERRUPTED = 130  # as of a program that SIGINT has ended


class Commands(click.Group):
    """Imports a subcommand when it is called: those of the service take time and memory."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"ltx_command.{name}").command
        return command

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except UnauthorizedError as error:
            raise click.ClickException(f"{error}; set {API_KEY_VARIABLE}") from error
        except ClientError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            click.echo("Cancelled", err=True)
            context.exit(_INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ltx-video")
def main() -> None:
    """Make videos from text, on a machine of your own.

    Begin with `ltx-video demo`. `ltx-video COMMAND --help` explains a command. Commands end with
    exit code 0, 1 after an error, 2 if they were called in a wrong way, 130 after Ctrl-C. `serve`
    ends with 0 then.
    """


if __name__ == "__main__":
    main(prog_name="ltx-video")
