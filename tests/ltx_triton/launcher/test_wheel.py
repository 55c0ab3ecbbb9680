import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

from ltx_triton.launcher import wheel as triton_wheel
from ltx_triton.launcher.wheel import (
    MissingDependencyError,
    ServerLinks,
    TritonWheel,
    make_plain_temporary_folder,
)


class Version(NamedTuple):
    major: int
    minor: int


def test_every_part_is_a_file_or_folder_that_exists() -> None:
    wheel = TritonWheel.find()

    assert wheel.server.is_file()
    assert wheel.stub.is_file()
    assert wheel.libpython.is_file()
    assert wheel.backend.is_dir()
    assert wheel.libraries.is_dir()


def test_says_when_the_wheel_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triton_wheel, "find_spec", lambda _: None)

    with pytest.raises(MissingDependencyError, match=r"nvidia-pytriton.*is not installed"):
        TritonWheel.find()


def test_says_which_python_versions_have_a_stub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", Version(3, 99))

    with pytest.raises(
        MissingDependencyError, match=r"no Python stub for Python 3\.99; it has: .*3\.12"
    ):
        TritonWheel.find()


def test_says_how_to_get_a_missing_libpython(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(triton_wheel, "find_libpython", lambda: None)
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))

    with pytest.raises(
        MissingDependencyError, match=r"libpython.*was not found.*apt install libpython"
    ):
        TritonWheel.find()


@pytest.fixture
def links(tmp_path: Path) -> ServerLinks:
    repository = tmp_path / "módels of mine"
    repository.mkdir()
    return TritonWheel.find().link_into(tmp_path / "links", repository)


def test_the_link_to_the_models_has_no_spaces_or_accents(
    links: ServerLinks, tmp_path: Path
) -> None:
    assert links.models == tmp_path / "links" / "models"
    assert links.models.resolve() == tmp_path / "módels of mine"


def test_the_backend_has_the_stub_and_this_package(links: ServerLinks) -> None:
    backend = links.backends / "python"

    assert (backend / "triton_python_backend_stub").is_file()
    assert (backend / "ltx_triton" / "contract.py").is_file()


def test_the_environment_puts_this_python_first(links: ServerLinks) -> None:
    first = TritonWheel.find().environment(links)["PATH"].split(":")[0]

    assert Path(first, "python3").resolve() == Path(sys.executable).resolve()


def test_inherited_library_paths_come_last(
    monkeypatch: pytest.MonkeyPatch, links: ServerLinks
) -> None:
    wheel = TritonWheel.find()
    own = [str(wheel.libpython.parent), str(wheel.libraries)]
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/tensorrt:/opt/more")
    assert wheel.environment(links)["LD_LIBRARY_PATH"].split(":") == [
        *own,
        "/opt/tensorrt",
        "/opt/more",
    ]

    monkeypatch.delenv("LD_LIBRARY_PATH")
    assert wheel.environment(links)["LD_LIBRARY_PATH"].split(":") == own


@pytest.mark.parametrize("name", ["my files", "vidéos"])
def test_an_unusable_tmpdir_is_not_used_for_the_links(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    made = make_plain_temporary_folder("ltx_test_")
    try:
        assert str(made.path).isascii()
        assert " " not in str(made.path)
    finally:
        made.remove()


def test_names_a_limit_of_open_files_that_is_too_low() -> None:
    code = "from ltx_triton.launcher.wheel import raise_open_files_limit as f; f()"
    limited = f'ulimit -n 64; exec "{sys.executable}" -c "{code}"'

    ended = subprocess.run(["/bin/sh", "-c", limited], capture_output=True, text=True, check=False)

    assert "may open 64 files, Triton needs 256" in ended.stderr


def test_raises_the_limit_of_open_files_to_what_the_system_allows() -> None:
    code = (
        "import resource as r; from ltx_triton.launcher.wheel import raise_open_files_limit as f; "
        "f(); print(r.getrlimit(r.RLIMIT_NOFILE))"
    )
    limited = f'ulimit -Sn 100; ulimit -Hn 300; exec "{sys.executable}" -c "{code}"'

    ended = subprocess.run(["/bin/sh", "-c", limited], capture_output=True, text=True, check=False)

    assert ended.stdout.strip() == "(300, 300)"
