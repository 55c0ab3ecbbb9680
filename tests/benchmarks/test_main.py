import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("run", "nothing"), "no part nothing; there are request, throughput"),
        (("run", "request", "--rounds", "0"), "'0' is no number of rounds; allowed: 1 or more"),
        (("run", "request", "--model-repository", "/nowhere"), "run `make export` first"),
        (("compare", "/nowhere", "/nowhere"), "/nowhere holds no results"),
        (("report", "--results", "/nowhere"), "/nowhere holds no results"),
        (("measure",), "invalid choice: 'measure'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
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

    said = f"{stopped.value} {capsys.readouterr().err}"
    assert error in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())
