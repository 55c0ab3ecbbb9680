"""Run what is due of a case and fits the budget."""

import time
from collections.abc import Collection, Sequence

from benchmarks.gpu.budget import Budget
from benchmarks.gpu.pace import Pace
from benchmarks.gpu.parts import Part, due, peak_bytes, unneeded
from benchmarks.gpu.state import State
from export.errors import ExportError
from export.progress import step

_FAILURES = (ExportError, OSError, RuntimeError, ValueError)


class OutOfTimeError(Exception):
    """The next part does not fit into the minutes left; the message says so."""


class CaseRun:
    """One run over the parts of a case."""

    def __init__(
        self,
        parts: Sequence[Part],
        stages: Collection[str],
        state: State,
        budget: Budget,
        pace: Pace,
    ) -> None:
        self._parts = parts
        self._stages = stages
        self._state = state
        self._budget = budget
        self._pace = pace
        self._due = due(parts, stages, state.parts)
        self._pending = {part.name for part in self._due}
        self._given_up: set[str] = set()  # for lack of memory
        self._keep_preferred = True

    def run(self) -> bool:
        """Run what is due; record what is skipped, and why.

        Returns:
            Whether nothing failed.

        Raises:
            OutOfTimeError: the minutes are up.
        """
        for part in self._parts:
            if part.name in self._state.parts and part not in self._due:
                self._pace.learn(part, self._state.parts[part.name]["stage_seconds"])
                if part.stage in self._stages:
                    print(f"{part.name}: finished already")
        if lack := self._lack_of_disk():
            for part in self._due:
                self._skip(part, lack)
            return True
        self._delete()
        succeeded = True
        for part in self._due:
            succeeded &= self._attempt(part)
        self._delete()
        return succeeded

    def _lack_of_disk(self) -> str | None:
        for keep in (True, False):
            size = peak_bytes(self._parts, self._due, self._ended(), keep_preferred=keep)
            lack = self._budget.lack_of_disk(size)
            if lack is None:
                self._keep_preferred = keep
                return None
            if keep:
                print(
                    f"PyTorch will not run beside the engines: with its checkpoint the case {lack}"
                )
        return lack

    def _attempt(self, part: Part) -> bool:
        """Run or skip a part; return whether it did not fail."""
        if reason := self._reason_against(part):
            self._skip(part, reason)
            return True
        if reason := self._budget.lack_of_time(self._pace.seconds(part)):
            self._state.skip(part.name, reason)
            raise OutOfTimeError(f"{part.name} {reason}")
        started = time.monotonic()
        try:
            with step(part.name):
                result = part.run()
        except _FAILURES as error:
            print(f"{part.name} failed: {error}")
            self._state.skip(part.name, f"failed: {error}")
            return False
        seconds = time.monotonic() - started
        self._state.finish(part.name, seconds, result)
        self._pending.remove(part.name)
        self._pace.learn(part, seconds)
        self._delete()
        return True

    def _reason_against(self, part: Part) -> str | None:
        absent = [name for name in part.after if name not in self._state.parts]
        if absent:
            if self._given_up & {*absent}:
                self._given_up.add(part.name)
            return f"needs what has not run: {', '.join(absent)}"
        gone = [artifact.name for artifact in part.uses if not artifact.exists]
        if gone:
            return f"needs what is gone: {', '.join(gone)}; name the stage that makes it as well"
        if lack := self._budget.lack_of_memory(part.need):
            self._given_up.add(part.name)
            return lack
        return None

    def _skip(self, part: Part, reason: str) -> None:
        print(f"{part.name}: skipped: {reason}")
        self._state.skip(part.name, reason)

    def _ended(self) -> set[str]:
        """Return the parts that will not use their files, in this run or a later one."""
        return {*self._state.parts} - self._pending | self._given_up

    def _delete(self) -> None:
        keep = self._keep_preferred
        for artifact in unneeded(self._parts, self._ended(), keep_preferred=keep):
            artifact.delete()
