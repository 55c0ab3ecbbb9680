"""What the client of a request would like to read."""

from starlette.datastructures import Headers
from starlette.types import Scope


def prefers_html(scope: Scope) -> bool:
    """Return whether a browser opens a page; curl, fetch and SDKs accept any type."""
    accepted = Headers(scope=scope).get("accept", "*/*")
    weights = dict(_weighted(part) for part in accepted.split(","))
    return _weight("text/html", weights) > _weight("application/json", weights)


def _weighted(part: str) -> tuple[str, float]:
    name, *parameters = (each.strip().lower() for each in part.split(";"))
    weight = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return name, float(weight)
    except ValueError:
        return name, 0.0


def _weight(media_type: str, weights: dict[str, float]) -> float:
    kind = media_type.partition("/")[0]
    ranges = (media_type, f"{kind}/*", "*/*")  # the most specific one counts
    return next((weights[each] for each in ranges if each in weights), 0.0)
