"""A Python environment with the clients."""

import subprocess
import sys
import venv
from pathlib import Path

from tests.environments import made_once

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def clients_python() -> Path:
    """The environment's interpreter; takes a minute or two the first time."""
    return made_once("clients", _REQUIREMENTS, _install) / "bin" / "python"


def _install(folder: Path) -> None:
    venv.create(folder, with_pip=True, clear=True)
    install = ["-m", "pip", "install", "--quiet", "--requirement"]
    subprocess.run(
        [folder / "bin" / "python", *install, _REQUIREMENTS], check=True, stdout=sys.stderr
    )
