from dataclasses import replace

from benchmarks.report.engines import text
from tests.benchmarks.report.measured import results


def test_figures_come_from_the_results() -> None:
    document = text(results())
    assert "| transformer | 512 x 512 x 25 | 1 | 2 | 40.00 | 410.0 | 98 | 49% |" in document
    assert "| 512 x 512 x 25 | 256 | 5.0% | 1.05 (1.05 to 1.05) |" in document
    on_h100 = "1.01 of 20.2 ms (5.0%) | 1.58 ms"
    assert f"| 2B | 512 x 512 x 25 | 256 | 5.0% | 10.0% | 1.0 → 102.4 | {on_h100} |" in document
    assert "| 2 | 2.00 | 1.82 | 2.36 | 500.0 | 455.0 | 590.0 |" in document
    assert "Least-squares fit: 1.00 s plus 500.0 ms per step." in document


def test_parts_that_were_not_measured_are_left_out() -> None:
    [everything] = results()
    measured = [each for each in everything.measurements if each.part == "steps"]

    document = text([replace(everything, measurements=measured)])

    assert "## Number of steps" in document
    assert "## Rates" not in document
