"""Run the command as a process."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "ltx_command")
_TIMEOUT = 120.0  # seconds


def start(
    *arguments: str | bytes | Path, folder: Path, shell: tuple[str, ...] = (), **environment: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*shell, *COMMAND, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "http_proxy": "http://127.0.0.1:9",  # not for this machine
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    *arguments: str | bytes | Path, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    process = start(*arguments, folder=folder, shell=(), **environment)
    try:
        printed, errors = process.communicate(timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, printed, errors)
