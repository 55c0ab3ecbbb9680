"""A Python environment with the clients, made once for each version of their requirements."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from filelock import FileLock

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_BUILD = Path(__file__).parents[2] / "build"


def clients_python() -> Path:
    """The environment's interpreter; takes a minute or two the first time."""
    version = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = _BUILD / f"clients-{version}"
    python = folder / "bin" / "python"
    _BUILD.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            venv.create(folder, with_pip=True, clear=True)
            install = ["-m", "pip", "install", "--quiet", "--requirement"]
            subprocess.run([python, *install, _REQUIREMENTS], check=True, stdout=sys.stderr)
            (folder / "complete").touch()
    return python
