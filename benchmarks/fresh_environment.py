"""The project as its users install it: a wheel in an environment without anything else."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Self

_ROOT = Path(__file__).parents[1]
_CONSTRAINTS = _ROOT / "constraints.txt"


def copy_sources(folder: Path) -> None:
    """Copy what git knows or would add: setuptools leaves its scratch files beside what it packs.

    Raises:
        subprocess.CalledProcessError: not a git checkout.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (_ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_ROOT / name, folder / name)


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a source folder or source archive.

    Raises:
        subprocess.CalledProcessError: it cannot be built.
    """
    run_pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", folder, source)
    [wheel] = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class FreshEnvironment:
    """A virtual environment, and a home folder for its user."""

    folder: Path
    home: Path

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Create both in `folder`."""
        environment = cls(folder / "environment", folder / "home")
        environment.home.mkdir(parents=True)
        subprocess.run([sys.executable, "-m", "venv", environment.folder], check=True)
        return environment

    def program(self, name: str) -> Path:
        return self.folder / "bin" / name

    @property
    def site_packages(self) -> Path:
        [folder] = self.folder.glob("lib/python3.*/site-packages")
        return folder

    @property
    def data(self) -> Path:
        """The folder in which the package keeps what it makes."""
        return self.home / ".local" / "share" / "ltx-video"

    def install(self, wheel: Path, *options: str | Path) -> None:
        """Install a wheel and what it needs, in the versions that are tested.

        Raises:
            subprocess.CalledProcessError: pip failed, and has said why.
        """
        run_pip(self.program("python"), "install", "--constraint", _CONSTRAINTS, *options, wheel)

    def download(self, wheel: Path, folder: Path) -> None:
        """Download what `install` would install.

        Raises:
            subprocess.CalledProcessError: pip failed, and has said why.
        """
        options = ("--no-cache-dir", "--constraint", _CONSTRAINTS, "--dest", folder)
        run_pip(self.program("python"), "download", *options, wheel)

    def packages(self) -> list[Distribution]:
        """Return the installed packages except pip and setuptools."""
        found = distributions(path=[str(self.site_packages)])
        return [each for each in found if each.name not in ("pip", "setuptools")]

    def run(self, *arguments: str | Path, before: Sequence[str] = ()) -> str:
        """Run one of its programs as a user who has nothing of this checkout.

        Args:
            arguments: the program's name, and what it is given.
            before: another command that starts it.

        Returns:
            What it prints.

        Raises:
            RuntimeError: it failed; with what it printed.
        """
        name, *others = arguments
        ended = subprocess.run(
            [*before, self.program(str(name)), *others],
            cwd=self.home,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise RuntimeError(f"{name} ended with {ended.returncode}:\n{ended.stdout}")
        return ended.stdout


def run_pip(python: str | Path, *arguments: str | Path) -> None:
    # -I: a PYTHONPATH that leads to this checkout would have it count as installed.
    # -qq: errors only.
    command = [python, "-I", "-m", "pip", "-qq", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)
