import sys
import tomllib

import pytest
from click.testing import CliRunner

from ltx_command.__main__ import main
from ltx_command.export import EXTRA_MODULES
from tests.ltx_command.command import ROOT


def test_arguments_and_options_reach_the_exporter() -> None:
    refused = CliRunner().invoke(main, ["export", "--model", "cat", "--decode-timestep", "2"])

    assert refused.exit_code == 2
    assert refused.output.startswith("usage: ltx-video export ")
    assert "2 is not between 0 and 1" in refused.output


def test_its_help_is_the_exporters() -> None:
    shown = CliRunner().invoke(main, ["export", "--help"])

    assert shown.exit_code == 0
    assert shown.output.startswith("usage: ltx-video export ")


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


def test_a_module_that_the_extra_does_not_bring_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "export.run", None)
    monkeypatch.delitem(sys.modules, "export.__main__", raising=False)

    failed = CliRunner().invoke(main, ["export", "--help"])

    assert isinstance(failed.exception, ModuleNotFoundError)


def test_the_modules_are_those_of_the_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["export"]
    assert tuple(package.replace("-", "_") for package in extra) == EXTRA_MODULES
