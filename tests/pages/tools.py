"""axe-core and Lighthouse, from npm."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments import made_once

_HERE = Path(__file__).parent


def node_modules() -> Path:
    """The folder with both; takes half a minute the first time."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("no Node.js with npm found: install version 20 or later")

    def install(folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_HERE / name, folder)
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        subprocess.run([npm, "ci", *quiet], cwd=folder, check=True, stdout=sys.stderr)

    return made_once("pages", _HERE / "package-lock.json", install) / "node_modules"


def versions(modules: Path) -> dict[str, str]:
    """The versions of both."""
    return {
        name: json.loads((modules / folder / "package.json").read_text())["version"]
        for name, folder in (("axe-core", "axe-core"), ("Lighthouse", "lighthouse"))
    }
