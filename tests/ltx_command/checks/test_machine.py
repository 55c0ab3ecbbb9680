import platform
import re
import shutil
import sys
import tomllib
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from ltx_command.checks import machine
from ltx_command.checks.finding import Finding, Installation, Level
from ltx_triton.repository import prepare
from ltx_triton.settings import Settings

ROOT = Path(__file__).parents[3]
Version = namedtuple("Version", "major minor micro releaselevel serial")
Usage = namedtuple("Usage", "free")


def installation(**settings: Any) -> Installation:
    return Installation(Settings(**settings), ROOT)


def test_the_pythons_are_those_that_the_package_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (first, last) = machine.PYTHONS[0], machine.PYTHONS[-1]
    after = f"{last[0]}.{last[1] + 1}"
    assert project["requires-python"] == f">={first[0]}.{first[1]},<{after}"


def test_a_python_that_is_not_tested_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.python(installation()).level is Level.OK
    monkeypatch.setattr(sys, "version_info", Version(3, 13, 0, "final", 0))
    found = machine.python(installation())
    assert found.level is Level.PROBLEM
    assert found.remedy == "install into a Python 3.11 or 3.12"


@pytest.mark.parametrize(
    ("library", "level"),
    [
        (("glibc", "2.34"), Level.PROBLEM),
        (("glibc", "2.35"), Level.OK),
        (("glibc", "3.0"), Level.OK),
        (("", ""), Level.PROBLEM),
    ],
)
def test_the_glibc_is_compared_with_what_tritons_wheel_needs(
    library: tuple[str, str], level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: library)
    assert machine.glibc(installation()).level is level


def test_little_memory_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.match(r"[\d.]+ GB free of [\d.]+ GB", machine.memory(installation()).text)
    monkeypatch.setattr(machine, "left_bytes", lambda: 1e9)
    assert machine.memory(installation()).level is Level.WARNING


@pytest.mark.parametrize(
    ("free", "level"), [(2e6, Level.PROBLEM), (50e6, Level.WARNING), (64e6, Level.OK)]
)
def test_shared_memory_of_a_container_may_be_too_small(
    free: float, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "shared_memory_bytes", lambda: free)
    assert machine.shared_memory(installation()).level is level


def test_the_output_folder_may_be_missing_but_not_unwritable(tmp_path: Path) -> None:
    missing = tmp_path / "a" / "b"
    assert machine.output_folder(installation(output_dir=missing)).level is Level.OK
    assert not missing.parent.exists()
    found = machine.output_folder(installation(output_dir="/dev/null/outputs"))
    assert found.level is Level.PROBLEM


def served_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Finding:
    monkeypatch.setattr(prepare, "SERVED_REPOSITORY", folder)
    return machine.repository_disk(Installation(Settings(), folder))


def test_the_model_folder_may_be_missing_but_not_unwritable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served_from(tmp_path / "a" / "b", monkeypatch).level is Level.OK
    found = served_from(Path("/dev/null/models"), monkeypatch)
    assert found.level is Level.PROBLEM
    assert found.text.startswith("/dev/null/models is not writable")


def test_the_demo_checkpoint_needs_room_until_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free=1e6))
    assert machine.repository_disk(installation()).level is Level.OK
    found = served_from(tmp_path, monkeypatch)
    assert found.level is Level.PROBLEM
    assert found.text == f"0.0 GB free for models in {tmp_path}"
