"""One side of the comparison in a process of its own, asked over pipes line by line.

The sides may need different Pythons (one has torch, the other TensorRT), and each has to give its
GPU memory back when it ends.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, cast

_ANSWER = "answer: "


class WorkerError(RuntimeError):
    """A worker failed; its own words have been printed."""


class Worker:
    """The asking end."""

    def __init__(self, python: str, module: str, case: Path) -> None:
        self._name = module
        self._process = subprocess.Popen(
            [python, "-m", module, str(case)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._questions = cast("IO[str]", self._process.stdin)
        self._answers = cast("IO[str]", self._process.stdout)

    def ask(self, command: str, *arguments: Any) -> Any:
        """Run a command of the worker and return its answer.

        Raises:
            WorkerError: the worker has ended.
        """
        with contextlib.suppress(BrokenPipeError):  # said below
            self._questions.write(json.dumps([command, *arguments]) + "\n")
            self._questions.flush()
        for line in self._answers:
            if line.startswith(_ANSWER):
                return json.loads(line.removeprefix(_ANSWER))
            print(line, end="", flush=True)
        raise WorkerError(f"{self._name} ended with exit code {self._process.wait()} at {command}")

    def close(self) -> None:
        """End the worker."""
        with contextlib.suppress(BrokenPipeError):
            self._questions.close()
        self._process.wait()


def answer_questions(commands: Mapping[str, Callable[..., Any]]) -> None:
    """The answering end: run commands until there are no more questions."""
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        result = commands[command](*arguments)
        print(_ANSWER + json.dumps(result), flush=True)
