from tests.faults.report import DOCUMENT, text
from tests.faults.results import Results


def test_the_document_shows_the_last_run_and_nothing_was_lost() -> None:
    results = Results.load()
    assert DOCUMENT.read_text() == text(results)
    assert results.unclean() == []
