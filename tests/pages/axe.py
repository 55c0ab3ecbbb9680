"""axe-core on a page in Chromium."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests.pages.site import PageCase

WIDTHS = {390: 844, 1280: 900, 1920: 1080}  # pixels, with their heights
SCHEMES = ("light", "dark")

_TRANSITIONS_END = """() => Promise.allSettled(
    document.getAnimations().filter(each => each instanceof CSSTransition).map(each => each.finished)
)"""


@dataclass(frozen=True)
class Violation:
    page: str
    scheme: str
    width: int
    rule: str
    nodes: list[str]


def violations(page: Page, case: PageCase, modules: Path) -> Iterator[Violation]:
    """Open the page, and look at it in both schemes and all widths."""
    page.goto("about:blank")  # or another part of the same page would not be loaded
    page.goto(case.url)
    settle(page)
    page.evaluate((modules / "axe-core" / "axe.min.js").read_text())
    for scheme, (width, height) in itertools.product(SCHEMES, WIDTHS.items()):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(_TRANSITIONS_END)
        found = page.evaluate(
            "async () => (await axe.run({resultTypes: ['violations']})).violations"
        )
        for each in found:
            nodes = [node["html"] for node in each["nodes"]]
            yield Violation(case.name, scheme, width, each["id"], nodes)


def settle(page: Page) -> None:
    """Wait until the page has drawn what it loads."""
    if page.locator("#swagger-ui").count():
        page.locator(".opblock").first.wait_for()
        if "#" in page.url:
            page.locator(".opblock-body").wait_for()
