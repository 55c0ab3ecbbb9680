import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("run", "nothing"),
            "unknown part nothing; choose from request, large, rectangles, encoding",
        ),
        (("run", "request", "--rounds", "0"), "'0' is not a number of rounds; must be 1 or more"),
        (("run", "request", "--model-repository", "/nowhere"), "run `make export` first"),
        (("compare", "/nowhere", "/nowhere"), "no results in /nowhere"),
        (("report", "--results", "/nowhere"), "no results in /nowhere"),
        (("measure",), "invalid choice: 'measure'"),
    ],
)
def test_errors_take_one_line(
    arguments: tuple[str, ...],
    error: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])

    with pytest.raises(SystemExit) as stopped:
        main()

    printed = f"{stopped.value} {capsys.readouterr().err}"
    assert error in printed
    assert "Traceback" not in printed
    assert not list(tmp_path.iterdir())
