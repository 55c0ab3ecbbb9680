"""Markdown tables."""

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.measurement import percentile


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread(seconds: Sequence[float]) -> list[str]:
    """Return the cells median, 5th and 95th percentile."""
    values = (median(seconds), percentile(seconds, 5), percentile(seconds, 95))
    return [f"{value:.2f}" for value in values]


def with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "AEIO" else f"a {noun}"
