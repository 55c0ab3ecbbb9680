"""Markdown tables."""

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.measurement import percentile

_END = "<!-- end -->\n"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread(seconds: Sequence[float]) -> list[str]:
    """Return the cells median, 5th and 95th percentile."""
    values = (median(seconds), percentile(seconds, 5), percentile(seconds, 95))
    return [f"{value:.2f}" for value in values]


def made_block(document: str, begin: str) -> str:
    """Return what stands between the line `begin`, a comment, and the comment that ends it."""
    return document.partition(begin)[2].partition(_END)[0]


def replace_block(document: str, begin: str, block: str) -> str:
    """Replace what `made_block` returns.

    Raises:
        ValueError: the document has no such line.
    """
    head, found, rest = document.partition(begin)
    _, ended, tail = rest.partition(_END)
    if not found or not ended:
        raise ValueError(f"{begin.strip()} and {_END.strip()} do not enclose anything")
    return head + begin + block + _END + tail


def with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "AEIO" else f"a {noun}"
