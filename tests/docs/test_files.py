"""The documents name files and folders of the repository that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
ROOMS = r"(?:benchmarks|demo|deploy|docs|export|frontend|ltx_triton|model_repository|tests)"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    named = {ROOT / path for path in re.findall(rf"`({ROOMS}/[\w/.-]*)`", text)}
    linked = {document.parent / path for path in re.findall(r"\]\(([\w/.-]+)(?:#[\w-]+)?\)", text)}
    assert {path for path in named | linked if not path.exists()} == set()
