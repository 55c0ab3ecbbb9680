"""docs/sizing.md is what the report writes of the raw results."""

from benchmarks.report.sizing import DOCUMENT, text
from benchmarks.result import FOLDER, load_all
from benchmarks.suite.sizing import CASES, PART

RESULTS = load_all(FOLDER)


def test_the_document_is_the_report() -> None:
    assert DOCUMENT.read_text() == text(RESULTS)


def test_what_the_service_expects_is_what_its_processes_take() -> None:
    [measured] = [each.measurements for each in RESULTS if each.measurements[0].part == PART]
    samples = {
        (
            tuple(each.labels[name] for name in ("resolution", "duration", "fps", "videos")),
            each.labels["what"],
        ): each.samples
        for each in measured
        if each.unit == "bytes"
    }

    for case in CASES:
        for peak, expected in zip(samples[case, "peak"], samples[case, "expected"], strict=True):
            assert peak < expected < 1.35 * peak, case
