"""Screenshots of the pages, for their document and the README."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.browser import plays
from tests.pages.site import PageCase
from tests.pages.views import SCHEMES, SIZES, View, open_page, show

FOLDER = Path(__file__).parents[2] / "docs" / "pages"
README_PICTURE = FOLDER.with_name("page.png")

PICTURED = (
    "home, a video",
    "gallery",
    "video, running",
    "status",
    "API",
    "API, an operation",
    "no such page",
)
_HEIGHT = 420  # pixels of a page in a sheet
_GAP = 12
_BETWEEN = "#8a8d99"


def file_name(name: str) -> str:
    return f"{name.replace(', ', '-').replace(' ', '-').lower()}.webp"


def take(page: Page, case: PageCase) -> None:
    """Save all views of a page in one picture: a row for each scheme."""
    open_page(page, case)
    rows = [[_shot(page, View(scheme, *size)) for size in SIZES] for scheme in SCHEMES]
    width = sum(shot.width + _GAP for shot in rows[0]) + _GAP
    sheet = Image.new("RGB", (width, len(rows) * (_HEIGHT + _GAP) + _GAP), _BETWEEN)
    for row, shots in enumerate(rows):
        left = _GAP
        for shot in shots:
            sheet.paste(shot, (left, _GAP + row * (_HEIGHT + _GAP)))
            left += shot.width + _GAP
    sheet.save(FOLDER / file_name(case.name), quality=80, method=6)


def take_for_readme(page: Page, case: PageCase) -> None:
    """Save the page as a newcomer sees it."""
    open_page(page, case)
    show(page, View("light", 1280, 960))
    plays(page, "#player")
    page.evaluate("() => { document.querySelector('#player').controls = false }")
    page.screenshot(path=README_PICTURE)


def _shot(page: Page, view: View) -> Image.Image:
    show(page, view)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return shot.resize(
        (round(shot.width * _HEIGHT / shot.height), _HEIGHT), Image.Resampling.LANCZOS
    )
