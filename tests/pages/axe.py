"""axe-core on a page in Chromium."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests.pages.site import PageCase
from tests.pages.views import VIEWS, View, open_page, show


@dataclass(frozen=True)
class Violation:
    page: str
    view: View
    rule: str
    nodes: tuple[str, ...]


def violations(page: Page, case: PageCase, modules: Path) -> Iterator[Violation]:
    """Open the page, and check every view of it."""
    open_page(page, case)
    page.evaluate((modules / "axe-core" / "axe.min.js").read_text())
    for view in VIEWS:
        show(page, view)
        for each in page.evaluate("async () => (await axe.run()).violations"):
            nodes = tuple(node["html"] for node in each["nodes"])
            yield Violation(case.name, view, each["id"], nodes)
