"""The README's two commands, in a fresh clone."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontend.media import reader as mp4

ROOT = Path(__file__).parents[2]
GIT = shutil.which("git") or "git"
MAKE = shutil.which("make") or "make"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def documented(command: str) -> list[str]:
    """What the README says that `command` prints."""
    text = (ROOT / "README.md").read_text()
    block = re.search(rf"```console\n\$ {re.escape(command)}.*?\n(.*?)```", text, re.DOTALL)
    assert block, f"the README does not show {command}"
    return block[1].splitlines()


def pattern(line: str) -> str:
    """A line of the README with any numbers in it."""
    return re.sub(r"\d+(\\\.\d+)?", r"[\\d.]+", re.escape(line))


def run(folder: Path, *arguments: str) -> str:
    finished = subprocess.run(
        [MAKE, f"PYTHON={sys.executable}", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    return finished.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clone") / "mes vidéos"  # a space, and a letter beyond ASCII
    subprocess.run([GIT, "clone", "--quiet", ROOT, folder], check=True)
    yield folder
    shutil.rmtree(folder)  # an environment of hundreds of megabytes


def test_make_demo_makes_the_documented_video_and_prints_what_the_readme_shows(
    clone: Path,
) -> None:
    printed = run(clone, "demo")

    for line in documented("make demo"):
        assert re.search(pattern(line), printed), f"{line!r} is not in:\n{printed}"
    video = mp4.read(clone / "outputs" / "demo.mp4")
    assert video.frames.shape == (24, 512, 512, 3)
    assert video.fps == 8


def test_make_test_sets_itself_up_and_runs_the_tests(clone: Path) -> None:
    """With a few of them: all of them would run this one again."""
    printed = run(clone, "test", "PYTEST_ADDOPTS=tests/ltx_triton/repository/test_assemble.py")

    assert documented("make test") == []
    assert re.search(r"\d+ passed in", printed)


def test_make_help_explains_every_target(clone: Path) -> None:
    targets = re.search(r"^\.PHONY: (.*)$", (clone / "Makefile").read_text(), re.MULTILINE)
    assert targets

    explained = {line.split()[0] for line in run(clone, "--silent", "help").splitlines()}

    assert explained == set(targets[1].split())
