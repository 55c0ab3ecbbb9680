"""Check and picture every page, and write docs/pages.md and docs/page.png."""

import tempfile
from pathlib import Path

from tests.browser import chromium_page
from tests.pages import lighthouse, pictures, results
from tests.pages.axe import violations
from tests.pages.results import PageResult, Results
from tests.pages.site import PageCase, make_demo_videos, site
from tests.pages.tools import node_modules, versions


def main() -> None:
    modules = node_modules()
    pictures.FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, site(Path(folder), make_demo_videos) as cases:
        with chromium_page() as page:
            found = {case.name: len([*violations(page, case, modules)]) for case in cases}
            browser = page.context.browser
            assert browser
            used = {**versions(modules), "Chromium": browser.version}
            for case in cases:
                if case.name in pictures.PICTURED:
                    pictures.take(page, case)
            pictures.take_for_readme(page, _named(pictures.PICTURED[0], cases))
        whole = [case for case in cases if case.is_whole]
        scores = dict(zip(whole, lighthouse.scores(whole, modules), strict=True))
    measured = [PageResult(case.name, found[case.name], scores.get(case)) for case in cases]
    made = Results(used, measured)
    made.save()
    results.DOCUMENT.write_text(results.render(made))
    print(f"Wrote {results.DOCUMENT}, {pictures.FOLDER} and {pictures.README_PICTURE}")


def _named(name: str, cases: list[PageCase]) -> PageCase:
    return next(case for case in cases if case.name == name)


if __name__ == "__main__":
    main()
