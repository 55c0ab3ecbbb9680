from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ltx_command import model_repository
from ltx_command.model_repository import with_model_repository


@click.command
@with_model_repository
def shown(model_repository: Path) -> None:
    click.echo(model_repository)


def test_the_folder_that_is_prepared_is_known_in_any_spelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = tmp_path / "build" / "models"
    (tmp_path / "link").symlink_to(tmp_path / "build")
    monkeypatch.setattr(model_repository, "SERVED_REPOSITORY", served)
    monkeypatch.chdir(tmp_path)

    for spelling in (served, "build/models", "build/../link/models"):
        printed = CliRunner().invoke(shown, ["--model-repository", str(spelling)]).output
        assert printed == f"{served}\n"


def test_the_folder_of_a_known_model_is_known_in_any_spelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "build" / "models"
    monkeypatch.setattr(model_repository, "MODELS_FOLDER", models)
    monkeypatch.chdir(tmp_path)

    for spelling in (models / "2b", "build/models/2b", "build/../build/models/2b/"):
        printed = CliRunner().invoke(shown, ["--model-repository", str(spelling)]).output
        assert printed == f"{models / '2b'}\n"


def test_another_folder_stays_as_it_is_written() -> None:
    printed = CliRunner().invoke(shown, ["--model-repository", "own/models"]).output
    assert printed == "own/models\n"
