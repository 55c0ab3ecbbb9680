"""Run a baseline in its own process, with JSON lines over pipes.

Baselines may need different Pythons (one with torch, one with TensorRT), and the end of a process
frees its GPU memory.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, cast

_RESULT = "result: "


class WorkerError(RuntimeError):
    """The worker exited; its output has been printed."""


class Worker:
    def __init__(self, python: str, module: str, case: Path) -> None:
        self._name = module
        self._process = subprocess.Popen(
            [python, "-m", module, str(case)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._commands = cast("IO[str]", self._process.stdin)
        self._output = cast("IO[str]", self._process.stdout)

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
        self._output.close()


def serve_commands(commands: Mapping[str, Callable[..., Any]]) -> None:
    """Run commands from standard input until it is closed."""
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        result = commands[command](*arguments)
        print(_RESULT + json.dumps(result), flush=True)
