import click
import pytest
from click.testing import CliRunner

from ltx_command.__main__ import COMMANDS, main
from ltx_triton import __version__


def test_the_version_is_the_packages() -> None:
    shown = CliRunner().invoke(main, ["--version"])
    assert shown.output == f"ltx-video, version {__version__}\n"


def test_help_lists_every_command_with_a_whole_sentence() -> None:
    lines = CliRunner().invoke(main, ["--help"]).output.splitlines()
    rows = lines[lines.index("Commands:") + 1 :]
    assert [row.split()[0] for row in rows] == list(COMMANDS)
    assert all(row.endswith(".") and not row.endswith("...") for row in rows)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "export"])
def test_every_command_explains_itself_and_each_option(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"], prog_name="ltx-video")
    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: ltx-video {name}")
    command = main.get_command(click.Context(main), name)
    assert command
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert all(option.help for option in options)


@pytest.mark.parametrize("arguments", [["sing"], ["list", "--loud"], ["generate"], ["delete"]])
def test_a_wrong_call_ends_with_the_exit_code_of_usage(arguments: list[str]) -> None:
    called = CliRunner().invoke(main, arguments)
    assert called.exit_code == 2
    assert "Usage: " in called.output
