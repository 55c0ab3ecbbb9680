from pathlib import Path

import pytest

from benchmarks.report import readme
from tests.benchmarks.report.measured import results


def test_the_tables_are_replaced_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text(
        f"before\n{readme.REQUIREMENTS}old\n<!-- end -->\n"
        f"between\n{readme.COMPARISON}<!-- end -->\nafter\n"
    )

    readme.write(results(), document)

    text = document.read_text()
    assert "| download | 10 MB |" in text
    assert "| memory | 0.5 GB for 3 s at 8 frames a second, 2.0 GB for 10 s at 24 |" in text
    assert "| **this service**, from POST to MP4 | 2.0 s | 20.0 s | 2.0 GB |" in text
    assert "| optimum-intel, static shapes | 1.60 x | 1.60 x | 2.0 GB |" in text
    assert [line for line in text.splitlines() if not line.startswith(("|", "<!--"))] == [
        "before",
        "between",
        "after",
    ]


def test_a_document_without_the_comments_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("before\n")

    with pytest.raises(ValueError, match="requirements"):
        readme.write(results(), document)

    assert document.read_text() == "before\n"
