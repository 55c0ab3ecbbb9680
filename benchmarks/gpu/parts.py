"""Parts of the work on a case: in which order, and which files may go after each."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.gpu.artifacts import Artifact
from benchmarks.gpu.budget import Need


@dataclass(frozen=True)
class Part:
    """A stage, or a stage's work on one component; finished or not, nothing in between."""

    stage: str
    run: Callable[[], dict[str, Any]]
    weight_bytes: float  # that it works on
    need: Need
    component: str = ""
    after: tuple[str, ...] = ()  # parts without which it cannot run
    uses: tuple[Artifact, ...] = ()
    prefers: tuple[Artifact, ...] = ()  # uses them if they are there
    makes: tuple[Artifact, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.stage} {self.component}".rstrip()


def due(parts: Sequence[Part], stages: Collection[str], finished: Collection[str]) -> list[Part]:
    """Return what has to run: unfinished parts of `stages`, and what makes files that are gone."""
    missing: set[Artifact] = set()
    found = []
    for part in reversed(parts):
        if part.stage in stages and (part.name not in finished or missing & {*part.makes}):
            found.append(part)
            missing -= {*part.makes}
            missing |= {artifact for artifact in part.uses if not artifact.exists}
    return found[::-1]


def unneeded(
    parts: Sequence[Part], ended: Collection[str], *, keep_preferred: bool
) -> set[Artifact]:
    """Return what only parts in `ended` use."""
    every = {artifact for part in parts for artifact in (*part.makes, *part.uses)}
    for part in parts:
        if part.name not in ended:
            every -= {*part.uses, *(part.prefers if keep_preferred else ())}
    return every


def peak_bytes(
    parts: Sequence[Part],
    run: Sequence[Part],
    ended: Collection[str],
    *,
    keep_preferred: bool,
) -> int:
    """Return the most bytes that the files take at once, beyond those there are now.

    Args:
        parts: all of the case.
        run: those that will run.
        ended: names of those that will not.
        keep_preferred: whether files stay that parts could do without.
    """
    held = {artifact for part in parts for artifact in (*part.makes, *part.uses) if artifact.exists}
    before = _sum(held)
    peak = 0
    ended = {*ended} - {part.name for part in run}
    for part in run:
        held |= {*part.makes}
        peak = max(peak, _sum(held) - before)
        ended.add(part.name)
        held -= unneeded(parts, ended, keep_preferred=keep_preferred)
    return peak


def _sum(artifacts: Collection[Artifact]) -> int:
    return sum(artifact.bytes for artifact in artifacts)
