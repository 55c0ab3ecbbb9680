"""Run a baseline in its own process, with JSON lines over pipes.

Baselines may need different Pythons (one with torch, one with TensorRT), and the end of a process
frees its GPU memory.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, cast

from ltx_triton.parent_process import die_with_parent

_RESULT = "result: "
_OWNER = "BENCHMARK_WORKER_OWNER"  # process id, for the worker
_ROOT = Path(__file__).parents[2]


class WorkerError(RuntimeError):
    """The worker exited; its output has been printed."""


class Worker:
    def __init__(self, python: str, module: str, *arguments: str | Path) -> None:
        self._name = module
        paths = (str(_ROOT), os.environ.get("PYTHONPATH"))
        self._process = subprocess.Popen(
            [python, "-m", module, *(str(argument) for argument in arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # This project is not installed in every environment.
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                _OWNER: str(os.getpid()),
            },
        )
        self._commands = cast("IO[str]", self._process.stdin)
        self._output = cast("IO[str]", self._process.stdout)

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, command: str, *arguments: Any) -> Any:
        """Run a command of the worker and return its result.

        Raises:
            WorkerError: the worker exited.
        """
        with contextlib.suppress(BrokenPipeError):  # raised below
            self._commands.write(json.dumps([command, *arguments]) + "\n")
            self._commands.flush()
        for line in self._output:
            if line.startswith(_RESULT):
                return json.loads(line.removeprefix(_RESULT))
            print(line, end="", flush=True)
        raise WorkerError(f"{self._name} exited with code {self._process.wait()} at {command}")

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._commands.close()
        self._process.wait()
        self._output.close()


def end_with_owner() -> None:
    """Let this worker end with the process that started it, even within a long command."""
    die_with_parent(int(os.environ[_OWNER]))


def serve_commands(commands: Mapping[str, Callable[..., Any]]) -> None:
    """Run commands from standard input until it is closed."""
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        result = commands[command](*arguments)
        print(_RESULT + json.dumps(result), flush=True)
