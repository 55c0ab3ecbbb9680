"""docs/pages.md says what its results are, and they are of the pages that there are."""

from tests.pages.lighthouse import LEAST
from tests.pages.pictures import FOLDER, PICTURED, README_PICTURE, file_name
from tests.pages.results import DOCUMENT, load, render

_MOST_BYTES = 1_500_000  # of all pictures


def test_the_document_is_made_from_the_results() -> None:
    assert DOCUMENT.read_text() == render(load())


def test_the_results_are_good() -> None:
    for each in load().pages:
        assert each.violations == 0
        for categories in (each.lighthouse or {}).values():
            assert all(score >= LEAST for score in categories.values()), each


def test_there_is_a_small_picture_of_each_pictured_page() -> None:
    files = [FOLDER / file_name(name) for name in PICTURED]
    assert {*FOLDER.glob("*.webp")} == {*files}
    assert sum(file.stat().st_size for file in (*files, README_PICTURE)) < _MOST_BYTES
