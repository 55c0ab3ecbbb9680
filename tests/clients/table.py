"""The table of docs/clients.md: what each client called, and what came back."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report.markdown import made_block, replace_block

DOCUMENT = Path(__file__).parents[2] / "docs" / "clients.md"

_BEGIN = "<!-- made by python -m tests.clients -->\n"


@dataclass(frozen=True)
class Call:
    client: str
    call: str
    answer: str


def render(calls: Iterable[Call]) -> str:
    """The table as Markdown."""
    rows = ["| client | call | what came back |", "|---|---|---|"]
    rows += [f"| {each.client} | `{each.call}` | {each.answer} |" for each in calls]
    return "\n".join(rows) + "\n"


def documented() -> str:
    """The table in the document."""
    return made_block(DOCUMENT.read_text(), _BEGIN)


def write(calls: Iterable[Call]) -> None:
    """Replace the table in the document."""
    DOCUMENT.write_text(replace_block(DOCUMENT.read_text(), _BEGIN, render(calls)))
