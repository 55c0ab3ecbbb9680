import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from ltx_triton import triton_wheel
from ltx_triton.triton_wheel import MissingPieceError, TritonWheel


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

    with pytest.raises(MissingPieceError, match=r"nvidia-pytriton.*is not installed"):
        TritonWheel.find()


def test_says_which_python_versions_have_a_stub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", Version(3, 99))

    with pytest.raises(
        MissingPieceError, match=r"no Python stub for Python 3\.99; it has: .*3\.12"
    ):
        TritonWheel.find()


def test_says_how_to_get_a_missing_libpython(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(triton_wheel, "find_libpython", lambda: None)
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))

    with pytest.raises(MissingPieceError, match=r"libpython.*was not found.*apt install libpython"):
        TritonWheel.find()


def test_the_environment_puts_this_python_first() -> None:
    environment = TritonWheel.find().environment()

    assert environment["PATH"].split(":")[0] == str(Path(sys.executable).parent)


def test_libraries_that_the_caller_has_named_are_found_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wheel = TritonWheel.find()
    own = [str(wheel.libpython.parent), str(wheel.libraries)]
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/tensorrt:/opt/more")
    assert wheel.environment()["LD_LIBRARY_PATH"].split(":") == [*own, "/opt/tensorrt", "/opt/more"]

    monkeypatch.delenv("LD_LIBRARY_PATH")
    assert wheel.environment()["LD_LIBRARY_PATH"].split(":") == own
