from pathlib import Path

import pytest

from ltx_triton.folders import SHIPPED, kept_folder
from ltx_triton.repository.layout import SERVED_REPOSITORY


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder that pip has installed the package into."""
    folder = tmp_path / "site-packages"
    (folder / "ltx_triton-1.0.0.dist-info").mkdir(parents=True)
    return folder


def test_a_checkout_keeps_what_it_makes(tmp_path: Path) -> None:
    assert kept_folder("build/model_repository", tmp_path) == tmp_path / "build/model_repository"


def test_these_tests_run_in_a_checkout() -> None:
    assert SERVED_REPOSITORY == SHIPPED / "build" / "model_repository"


def test_an_installed_package_keeps_it_in_the_users_data(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")

    kept = kept_folder("build/model_repository", installed)

    assert kept == Path("/data/ltx-video/model_repository")


@pytest.mark.parametrize("given", [None, "", "data"])
def test_without_an_absolute_folder_for_data_it_is_the_one_of_the_home(
    given: str | None, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if given is not None:
        monkeypatch.setenv("XDG_DATA_HOME", given)

    assert kept_folder("engines", installed) == Path("/home/ada/.local/share/ltx-video/engines")
