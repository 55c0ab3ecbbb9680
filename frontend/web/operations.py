"""The operations of an OpenAPI document, as its page lists them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    summary: str
    link: str  # to where Swagger UI shows it


def by_tag(document: dict[str, Any]) -> dict[str, list[Operation]]:
    """Group them by their first tags, in the order of the document."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            tag = described["tags"][0]
            link = f"#/{quote(tag)}/{described['operationId']}"
            operation = Operation(method, path, described["summary"], link)
            groups.setdefault(tag, []).append(operation)
    return groups
