"""The figures in docs/performance.md, docs/engines.md and the README are those of the results."""

import re
from pathlib import Path

from benchmarks.report import engines
from benchmarks.report.document import DOCUMENT, quotation, text
from benchmarks.report.figures import Figures
from benchmarks.result import FOLDER, load_all

README = Path(__file__).parents[2] / "README.md"
RESULTS = load_all(FOLDER)
FIGURES = Figures(each for result in RESULTS for each in result.measurements)


def figures(document: str) -> list[str]:
    return re.findall(r"\d[\d.,]*", document)


def test_the_figures_of_the_report_are_those_of_the_results() -> None:
    assert figures(DOCUMENT.read_text()) == figures(text(RESULTS, FIGURES))


def test_the_engines_figures_are_those_of_the_results() -> None:
    assert engines.DOCUMENT.read_text() == engines.text(RESULTS)


def test_the_readme_quotes_the_report() -> None:
    assert set(figures(quotation(FIGURES))) <= set(figures(README.read_text()))
