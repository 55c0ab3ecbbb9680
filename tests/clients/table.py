"""The table of docs/clients.md: what each client called, and what came back."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "clients.md"

_BEGIN, _END = "<!-- made by python -m tests.clients -->\n", "<!-- end -->\n"


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
    return DOCUMENT.read_text().partition(_BEGIN)[2].partition(_END)[0]


def write(calls: Iterable[Call]) -> None:
    """Replace the table in the document."""
    head, begin, rest = DOCUMENT.read_text().partition(_BEGIN)
    tail = rest.partition(_END)[2]
    DOCUMENT.write_text(head + begin + render(calls) + _END + tail)
