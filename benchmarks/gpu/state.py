"""What has been measured of a case so far, in one JSON file that a kill cannot damage."""

import json
from pathlib import Path
from typing import Any

_FILE = "state.json"


class StateError(RuntimeError):
    """The folder holds something else."""


class State:
    """Parts that are finished, with their results, and why others are not."""

    def __init__(
        self,
        folder: Path,
        case: dict[str, Any],
        results: Path | None = None,
        command: str | None = None,
    ) -> None:
        """Read the state in `folder`, or begin one.

        Args:
            folder: of the case.
            case: what is measured.
            results: a second place for the file.
            command: that goes on with it, for the record.

        Raises:
            StateError: the state is of another case.
        """
        self._files = [folder / _FILE, *([results] if results else [])]
        self.case = case
        self._command = command
        self.parts: dict[str, dict[str, Any]] = {}
        self.skipped: dict[str, str] = {}
        if self._files[0].is_file():
            found = json.loads(self._files[0].read_text(encoding="utf-8"))
            if found["case"] != case:
                raise StateError(
                    f"{self._files[0]} is of {found['case']}, not of {case}: delete {folder}, or "
                    "give another --folder"
                )
            self.parts, self.skipped = found["parts"], found["skipped"]

    def finish(self, part: str, seconds: float, result: dict[str, Any]) -> None:
        self.skipped.pop(part, None)
        self.parts[part] = {"stage_seconds": round(seconds, 1)} | result
        self._save()

    def skip(self, part: str, reason: str) -> None:
        self.skipped[part] = reason
        self._save()

    @property
    def result(self) -> dict[str, Any]:
        return {
            "command": self._command,
            "case": self.case,
            "parts": self.parts,
            "skipped": self.skipped,
        }

    def _save(self) -> None:
        text = json.dumps(self.result, indent=2) + "\n"
        for file in self._files:
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_suffix(".unfinished")
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(file)
