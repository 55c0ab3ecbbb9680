"""Compare two results of the suite."""

from collections.abc import Iterable

from benchmarks.measurement import Measurement, Ratio, unpaired_ratio
from benchmarks.result import Result

_SMALLEST_CHANGE = 0.03  # of the median; smaller ones are not listed, however certain


def changes(before: Iterable[Result], after: Iterable[Result]) -> list[tuple[Measurement, Ratio]]:
    """Return significant changes: measurements of `after` with their ratio to `before`.

    A change is significant if the confidence interval of the ratio does not contain 1.
    """
    old = {each.key: each for result in before for each in result.measurements}
    new = {each.key: each for result in after for each in result.measurements}
    found = []
    for key in old.keys() & new.keys():
        if all(sample > 0 for sample in (*old[key].samples, *new[key].samples)):
            ratio = unpaired_ratio(new[key].samples, old[key].samples)
            significant = ratio.low > 1 or ratio.high < 1
            if significant and abs(ratio.value - 1) > _SMALLEST_CHANGE:
                found.append((new[key], ratio))
    return sorted(found, key=lambda pair: (pair[0].part, -abs(pair[1].value - 1)))


def describe(before: list[Result], after: list[Result]) -> str:
    compared = {each.key for result in before for each in result.measurements} & {
        each.key for result in after for each in result.measurements
    }
    if not compared:
        return "No measurement is in both results."
    found = changes(before, after)
    lines = [
        f"{each.part}, {', '.join(f'{name} {value}' for name, value in each.labels.items())}: "
        f"{each.unit} x {ratio}"
        for each, ratio in found
    ]
    lines.append(f"{len(found)} of {len(compared)} measurements changed significantly.")
    machines = {result.machine.processor for result in (*before, *after)}
    if len(machines) > 1:
        lines.append(f"Measured on different machines: {', '.join(sorted(machines))}")
    return "\n".join(lines)
