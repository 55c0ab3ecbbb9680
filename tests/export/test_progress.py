import pytest

from export.progress import step


def test_a_step_says_that_it_begins_and_how_long_it_took(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with step("something long"):
        assert capsys.readouterr().out == "something long ...\n"

    assert capsys.readouterr().out == "something long: 0.0 s\n"


def test_a_step_that_fails_does_not_say_that_it_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError, match="broken"), step("something long"):
        raise ValueError("broken")

    assert capsys.readouterr().out == "something long ...\n"
