"""What axe-core and Lighthouse said of the pages, and the document that shows it."""

import json
from dataclasses import asdict, dataclass

from tests.pages.lighthouse import LEAST, Scores
from tests.pages.pictures import FOLDER, file_name
from tests.pages.views import SCHEMES, SIZES

DOCUMENT = FOLDER.with_suffix(".md")
_RESULTS = FOLDER / "results.json"
_CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


@dataclass(frozen=True)
class PageResult:
    page: str
    violations: int  # of axe-core's rules, in all views together
    lighthouse: Scores | None  # None: a part of another page


@dataclass(frozen=True)
class Results:
    versions: dict[str, str]
    pages: list[PageResult]

    def save(self) -> None:
        _RESULTS.write_text(json.dumps(asdict(self), indent=1) + "\n")


def load() -> Results:
    """The committed results."""
    content = json.loads(_RESULTS.read_text())
    return Results(content["versions"], [PageResult(**each) for each in content["pages"]])


def render(results: Results) -> str:
    """The document."""
    widths = ", ".join(str(width) for width, _ in SIZES[:-1]) + f" and {SIZES[-1][0]}"
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    lines = [
        "# The pages, checked",
        "",
        f"`python -m tests.pages` opens every page in every state, {' and '.join(SCHEMES)}, "
        f"{widths} pixels wide, writes this page and takes the pictures ({versions}). The tests "
        f"accept no violation that axe-core finds, and no score of Lighthouse below {LEAST}, "
        "measured with its simulated slow phone and its desktop. Error pages answer with the "
        "error's status, so Lighthouse skips its check of the status there.",
        "",
        "| page | violations | phone | desktop |",
        "|---|---|---|---|",
        *(_row(each) for each in results.pages),
        "",
        "Scores: performance, accessibility, best practices, search engines.",
        "",
    ]
    for each in results.pages:
        if (FOLDER / file_name(each.page)).exists():
            title = each.page[0].upper() + each.page[1:]
            lines += [f"## {title}", "", f"![{title}]({FOLDER.name}/{file_name(each.page)})", ""]
    return "\n".join(lines)


def _row(result: PageResult) -> str:
    if result.lighthouse is None:
        return f"| {result.page} | {result.violations} | | |"
    phone, desktop = (
        ", ".join(str(result.lighthouse[preset][each]) for each in _CATEGORIES)
        for preset in ("mobile", "desktop")
    )
    return f"| {result.page} | {result.violations} | {phone} | {desktop} |"
