"""The figures in docs/performance.md, docs/engines.md and the README are those of the results."""

import re

from benchmarks.report import engines, readme
from benchmarks.report.document import DOCUMENT, text
from benchmarks.report.figures import Figures
from benchmarks.report.markdown import made_block
from benchmarks.result import FOLDER, load_all

RESULTS = load_all(FOLDER)
FIGURES = Figures(each for result in RESULTS for each in result.measurements)


def figures(document: str) -> list[str]:
    return re.findall(r"\d[\d.,]*", document)


def test_the_figures_of_the_report_are_those_of_the_results() -> None:
    assert figures(DOCUMENT.read_text()) == figures(text(RESULTS, FIGURES))


def test_the_engines_figures_are_those_of_the_results() -> None:
    assert engines.DOCUMENT.read_text() == engines.text(RESULTS)


def test_the_readme_has_the_tables_of_the_report() -> None:
    text = readme.DOCUMENT.read_text()
    assert made_block(text, readme.REQUIREMENTS) == readme.requirements(FIGURES)
    assert made_block(text, readme.COMPARISON) == readme.comparison(FIGURES)
