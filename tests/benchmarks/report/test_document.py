from pathlib import Path

import pytest

from benchmarks.report.document import write
from tests.benchmarks.report.measured import results


@pytest.fixture
def document(tmp_path: Path) -> Path:
    write(results(), tmp_path / "performance.md")
    return tmp_path / "performance.md"


def test_rows_of_tables_are_as_wide_as_their_heads(document: Path) -> None:
    tables = [part for part in document.read_text().split("\n\n") if part.startswith("|")]
    assert len(tables) == 12
    for table in tables:
        head, _, *rows = table.splitlines()
        assert rows
        assert {row.count("|") for row in rows} == {head.count("|")}


def test_figures_come_from_the_results(document: Path) -> None:
    text = document.read_text()
    assert "| diffusers, eager | 6.00 | 5.46 | 7.08 | 3.00 (3.00 to 3.00) |" in text
    assert "| outside the engines | ≤ 10 % | 25.0% | **missed** |" in text
    assert "| transformer | 512 x 512 x 25 | 1 | 2 | 40.00 | 410.0 | 98 | 49% |" in text
    assert "Four clients and one, interleaved: 20.0 and 10.0 videos per minute" in text
    assert "| 2 | 2.00 | 1.82 | 2.36 | 500.0 | 455.0 | 590.0 |" in text
    assert "Least-squares fit: 1.00 s plus 500.0 ms per step." in text
    assert "31 of 34 requests were refused, within 24 ms at most; the others took 4.0 s" in text
    assert "| 4 | 60.0 | 40.0 | 1.50 (1.50 to 1.50) | 8.0 | 9.4 | 1.20 | 2.0 | 2.00 |" in text


def test_plots_are_reproducible(document: Path) -> None:
    folder = document.with_suffix("")
    drawn = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert drawn.keys() == {"stages.svg", "baselines.svg", "latency.svg", "throughput.svg"}
    for name in drawn:
        assert f"performance/{name}" in document.read_text()
    write(results(), document)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == drawn
