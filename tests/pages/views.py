"""How a page is looked at: light and dark, narrow and wide."""

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page

from tests.pages.site import PageCase

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SIZES = ((390, 844), (1280, 900), (1920, 1080))  # pixels

_TRANSITIONS_END = """() => Promise.allSettled(
  document.getAnimations().filter(each => each instanceof CSSTransition).map(each => each.finished)
)"""
_PICTURES_LOADED = """() => [...document.images].every(
  image => image.complete || image.getBoundingClientRect().top > innerHeight
)"""


@dataclass(frozen=True)
class View:
    scheme: Scheme
    width: int
    height: int


VIEWS = [View(scheme, *size) for scheme in SCHEMES for size in SIZES]


def open_page(page: Page, case: PageCase) -> None:
    """Load the page, and wait for what it draws."""
    page.goto("about:blank")  # or another part of the same page would not be loaded
    page.goto(case.url)
    if "#/" in case.url:
        page.locator(".opblock-body").wait_for()


def show(page: Page, view: View) -> None:
    """Show the page in this view."""
    page.emulate_media(color_scheme=view.scheme)
    page.set_viewport_size({"width": view.width, "height": view.height})
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function(_PICTURES_LOADED)
    page.evaluate(_TRANSITIONS_END)
