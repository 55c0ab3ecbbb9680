"""The documents name files, folders and sections that exist, and every page can be found."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(DOCS.glob("*.md")),
    ROOT / "demo" / "checkpoint" / "README.md",
    ROOT / "examples" / "README.md",
]
ROOMS = (
    r"(?:benchmarks|demo|deploy|docs|export|frontend|ltx_command|ltx_triton|model_repository|tests)"
)


def links(document: Path) -> list[tuple[Path, str]]:
    """Return the file and the section, if any, of each link that stays in the repository."""
    found = re.findall(r"\]\(([\w/.-]*)(?:#([\w-]+))?\)", document.read_text())
    return [(document.parent / path if path else document, section) for path, section in found]


def sections(document: Path) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_a_document_names_exists(document: Path) -> None:
    named = {ROOT / path for path in re.findall(rf"`({ROOMS}/[\w/.-]*)`", document.read_text())}
    linked = links(document)
    assert {path for path in named | {path for path, _ in linked} if not path.exists()} == set()
    assert [
        (path, section) for path, section in linked if section and section not in sections(path)
    ] == []


def test_every_page_is_in_the_index_and_in_the_readme() -> None:
    pages = {page.resolve() for page in DOCS.glob("*.md")} - {DOCS / "README.md"}
    for index in (DOCS / "README.md", ROOT / "README.md"):
        assert pages <= {path.resolve() for path, _ in links(index)}
