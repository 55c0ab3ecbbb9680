"""Quantities as people read them."""

from datetime import UTC, datetime

_MINUTE = 60  # seconds
_LONG = 90  # seconds


def frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def megabytes(given: float) -> str:
    """Write a size in MB, which is 0.199 at times."""
    if given < 1:
        return f"{given * 1000:.0f} KB"
    return f"{given:.3g} MB" if given < 1000 else f"{given / 1000:.3g} GB"


def seconds(given: float) -> str:
    if given < 10:
        return f"{given:.1f} s"
    return f"{given:.0f} s" if given < _LONG else f"{given / _MINUTE:.0f} min"


def size(given: str) -> str:
    """Write a size such as 672x384."""
    return given.replace("x", " \N{MULTIPLICATION SIGN} ")


def time(given: str) -> str:
    """Write a time of the API, which is UTC."""
    return f"{datetime.fromisoformat(given).replace(tzinfo=UTC):%-d %B %Y, %H:%M} UTC"
