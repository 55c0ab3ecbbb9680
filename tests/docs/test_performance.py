"""The figures in docs/performance.md and the README are those of the raw results."""

from pathlib import Path

from benchmarks.report.figures import Figures
from benchmarks.report.markdown import DOCUMENT, quotation, text
from benchmarks.result import FOLDER, load_all

README = Path(__file__).parents[2] / "README.md"
RESULTS = load_all(FOLDER)
FIGURES = Figures(each for result in RESULTS for each in result.measurements)


def test_the_report_is_what_the_results_say() -> None:
    assert DOCUMENT.read_text() == text(RESULTS, FIGURES)


def test_the_readme_quotes_the_report() -> None:
    assert quotation(FIGURES) in README.read_text()
