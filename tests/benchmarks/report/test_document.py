import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.report.document import write
from benchmarks.report.figures import PEERS
from tests.benchmarks.report.measured import results


@pytest.fixture
def document(tmp_path: Path) -> Path:
    write(results(), tmp_path / "performance.md")
    return tmp_path / "performance.md"


def test_rows_of_tables_are_as_wide_as_their_heads(document: Path) -> None:
    tables = [part for part in document.read_text().split("\n\n") if part.startswith("|")]
    assert len(tables) == 18
    for table in tables:
        head, _, *rows = table.splitlines()
        assert rows
        assert {row.count("|") for row in rows} == {head.count("|")}


def test_figures_come_from_the_results(document: Path) -> None:
    text = document.read_text()
    eager = "| diffusers, eager, FP32 | 6.00 | 5.46 | 7.08 | 3.00 (3.00 to 3.00) | 5.40 |"
    assert f"{eager} 3.60 (3.60 to 3.60) |" in text
    assert "| outside the engines | ≤ 8 % | 25.0 % | **missed** |" in text
    assert "18 of 45. 9 of the 27 kept were disturbed all the same" in text
    assert "| OpenVINO GenAI | 24.0 | 1.20 (1.20 to 1.20) | 0.50 | 2.00 | 1.00 |" in text
    assert "| 512 x 288 | 1.70 | 1.50 | 2.60 | 2.40 |" in text
    assert "Four clients and one, interleaved: 20.0 and 10.0 videos per minute" in text
    assert "| `pip download` | 10.0 | 10 |" in text
    assert "| package 7 | 30 |\n| 2 others | 30 |\n| all | 550 |" in text
    assert "31 of 34 requests were refused, within 24 ms at most; the others took 4.0 s" in text
    assert "| alone, new size | 3 | 1.8 to 2.4 | 40 % | 40 % |" in text
    assert "| 4 | 60.0 | 40.0 | 1.50 (1.50 to 1.50) | 8.0 | 9.4 | 1.20 | 2.0 | 2.00 |" in text


def test_the_strongest_peer_that_runs_the_checkpoint_is_the_headline(document: Path) -> None:
    headline = document.read_text().split("\n\n")[3]
    assert "optimum-intel, dynamic shapes (its default), takes 1.30 times as long" in headline


def test_every_peer_says_what_it_does_differently(document: Path) -> None:
    text = document.read_text()
    differences = text.partition("do differently:\n\n")[2].partition("\n\n")[0]
    there = [peer for name, peer in PEERS.items() if name != "torch.compile"]
    for peer in there:
        assert f"| {peer.name} | {peer.differs} |" in differences


def test_parts_that_were_not_measured_are_left_out(tmp_path: Path) -> None:
    [everything] = results()
    measured = [each for each in everything.measurements if each.part == "large"]

    write([replace(everything, measurements=measured)], tmp_path / "performance.md")

    headings = re.findall("^## (.*)$", (tmp_path / "performance.md").read_text(), re.MULTILINE)
    assert headings == [
        "Targets",
        "Memory and the large request",
        "In BF16",  # has results of its own, and so has the next
        "Real models on a CPU",
        "Measuring it yourself",
    ]
    drawn = {file.name for file in (tmp_path / "performance").iterdir()}
    assert drawn == {"memory.svg", "large.svg"}


def test_plots_are_reproducible(document: Path) -> None:
    folder = document.with_suffix("")
    drawn = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert drawn.keys() == {
        *("stages.svg", "peers.svg", "memory.svg", "large.svg", "latency.svg", "throughput.svg")
    }
    for name in drawn:
        assert f"performance/{name}" in document.read_text()
    write(results(), document)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == drawn
