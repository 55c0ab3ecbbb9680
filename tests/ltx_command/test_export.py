import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ltx_command.__main__ import main
from tests.ltx_command.command import run


def test_arguments_and_options_reach_the_exporter(tmp_path: Path) -> None:
    refused = run("export", "--decode-timestep", "2", folder=tmp_path)

    assert refused.returncode == 2
    assert refused.stderr.startswith("usage: ltx-video export ")
    assert "2 is not between 0 and 1" in refused.stderr


def test_its_help_is_the_exporters(tmp_path: Path) -> None:
    shown = run("export", "--help", folder=tmp_path)

    assert shown.returncode == 0
    assert shown.stdout.startswith("usage: ltx-video export ")


def test_without_the_extra_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    monkeypatch.delitem(sys.modules, "export.__main__", raising=False)

    refused = CliRunner().invoke(main, ["export", "--help"])

    assert refused.exit_code == 1
    assert refused.output == (
        "Error: exporting needs diffusers, which is not installed: "
        "pip install 'ltx-triton[export]'\n"
    )
