from benchmarks.compare import changes, describe
from benchmarks.machine import Machine
from benchmarks.measurement import Measurement
from benchmarks.result import Result

MACHINE = Machine("Zen", 2, 2**34, "Linux", "3.11", {}, "abc", "2026-01-01T00:00:00+00:00")
NOISE = [0.98, 0.99, 1.0, 1.01, 1.02]


def result(**seconds: float) -> list[Result]:
    measured = [
        Measurement("request", {"stage": stage}, "s", [value * each for each in NOISE])
        for stage, value in seconds.items()
    ]
    return [Result(MACHINE, "run", measured)]


def test_only_significant_changes_are_listed() -> None:
    found = changes(result(text=1.0, decode=2.0), result(text=1.005, decode=1.0))
    assert [each.labels for each, _ in found] == [{"stage": "decode"}]
    assert 0.45 < found[0][1].value < 0.55


def test_the_largest_change_comes_first() -> None:
    found = changes(result(text=1.0, decode=2.0), result(text=1.5, decode=6.0))
    assert [each.labels["stage"] for each, _ in found] == ["decode", "text"]


def test_the_description_counts_changes_and_comparisons() -> None:
    lines = describe(result(text=1.0, decode=2.0), result(text=1.0, decode=4.0, http=1.0))
    first, last = lines.splitlines()
    assert first.startswith("request, stage decode: s x 2.0")
    assert last == "1 of 2 measurements changed significantly."


def test_results_without_common_measurements_are_not_compared() -> None:
    assert describe(result(text=1.0), result(decode=1.0)) == "No measurement is in both results."


def test_zeros_are_not_compared() -> None:
    assert changes(result(text=0.0), result(text=1.0)) == []
