"""How `ltx-video demo` refuses to start; tests/docs/test_readme.py has how it runs.

tests/ltx_command/test_first_run.py and tests/e2e/test_known_model.py are about its --model.
"""

from pathlib import Path

import pytest

from tests.ltx_command.command import run


def test_without_models_the_missing_file_and_the_remedy_are_named(tmp_path: Path) -> None:
    refused = run("demo", "--model-repository", tmp_path, folder=tmp_path)

    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert line.startswith(f"Error: {tmp_path}/ltx_video/1/pipeline.json is missing: ")


@pytest.mark.parametrize("folder", ["/proc", "/proc/outputs", "/dev/null/outputs"])
def test_a_folder_that_cannot_be_made_or_written_is_named(folder: str, tmp_path: Path) -> None:
    refused = run("demo", folder=tmp_path, OUTPUT_DIR=folder)

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Error: OUTPUT_DIR={folder} cannot be used: ")
    assert refused.stdout == ""


def test_an_output_that_cannot_be_written_is_refused_before_anything_starts(
    tmp_path: Path,
) -> None:
    refused = run("demo", "--output", "nowhere/cat.mp4", folder=tmp_path)

    assert refused.returncode == 2
    assert "the folder nowhere does not exist" in refused.stderr
    assert refused.stdout == ""


def test_an_unknown_model_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    refused = run("demo", "--model", "3b", folder=tmp_path)

    assert refused.returncode == 2
    assert "'3b' is not one of '2b', '2b-0.9.6', '13b'" in refused.stderr


def test_yes_without_a_model_is_refused(tmp_path: Path) -> None:
    refused = run("demo", "--yes", folder=tmp_path)

    assert refused.returncode == 2
    assert "--yes answers what --model asks: give --model, or leave it out" in refused.stderr


def test_a_known_model_goes_into_no_other_repository(tmp_path: Path) -> None:
    refused = run("demo", "--model", "2b", "--model-repository", tmp_path, folder=tmp_path)

    assert refused.returncode == 2
    assert "--model has a repository of its own: leave out --model-repository" in refused.stderr
