"""Two results of the suite: what changed by more than the noise."""

from collections.abc import Iterable

from benchmarks.measurement import Measurement, Ratio, unpaired_ratio
from benchmarks.result import Result

_SMALLEST_CHANGE = 0.03  # of a median; less is not worth a line, however sure


def changes(before: Iterable[Result], after: Iterable[Result]) -> list[tuple[Measurement, Ratio]]:
    """Measurements of `after` with their ratio to `before`, where that is surely not 1.

    Surely: the interval that the samples' spread leaves does not contain it.
    """
    old = {each.key: each for result in before for each in result.measurements}
    new = {each.key: each for result in after for each in result.measurements}
    found = []
    for key in old.keys() & new.keys():
        if all(sample > 0 for sample in (*old[key].samples, *new[key].samples)):
            ratio = unpaired_ratio(new[key].samples, old[key].samples)
            sure = ratio.low > 1 or ratio.high < 1
            if sure and abs(ratio.value - 1) > _SMALLEST_CHANGE:
                found.append((new[key], ratio))
    return sorted(found, key=lambda pair: (pair[0].part, -abs(pair[1].value - 1)))


def describe(before: list[Result], after: list[Result]) -> str:
    """The changes in words, a line each."""
    compared = {each.key for result in before for each in result.measurements} & {
        each.key for result in after for each in result.measurements
    }
    if not compared:
        return "The two have nothing in common."
    found = changes(before, after)
    lines = [
        f"{each.part}, {', '.join(f'{name} {value}' for name, value in each.labels.items())}: "
        f"{each.unit} x {ratio}"
        for each, ratio in found
    ]
    lines.append(f"{len(found)} of {len(compared)} measurements changed by more than the noise.")
    machines = {result.machine.processor for result in (*before, *after)}
    if len(machines) > 1:
        lines.append(f"Not of the same machine: {', '.join(sorted(machines))}")
    return "\n".join(lines)
