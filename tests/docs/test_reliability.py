from tests.faults.report import DOCUMENT, load, text


def test_the_document_shows_the_last_run_and_nothing_was_lost() -> None:
    tallies = load()
    assert DOCUMENT.read_text() == text(tallies)
    assert all(tally.is_clean for tally in tallies)
