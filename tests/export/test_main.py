import subprocess
import sys
from pathlib import Path

import pytest

from export.__main__ import main, parse


def test_defaults_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODEL_NAME", "some/model")
    monkeypatch.setenv("MODEL_CACHE_DIR", str(tmp_path))
    options = parse([])
    assert (options.model, options.cache_dir) == ("some/model", tmp_path)
    assert options.output.name == "model_repository"
    assert options.num_inference_steps == 8


def test_errors_are_one_line_and_exit_code_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "export", "--model", str(tmp_path), "--output", str(tmp_path)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert finished.stderr == (
        f"error: {tmp_path} has no model_index.json: expected a checkpoint in diffusers' folder "
        "format\n"
    )


def test_an_engine_that_differs_exits_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from export.errors import ExportError

    def differ(_: object) -> None:
        raise ExportError("transformer differs from PyTorch")

    monkeypatch.setattr("export.__main__.export", differ)
    assert main([]) == 1
    assert capsys.readouterr().err == "error: transformer differs from PyTorch\n"


@pytest.mark.parametrize("option", ["--decode-timestep", "--decode-noise-scale"])
def test_fractions_are_checked(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([option, "1.5"])
    assert stopped.value.code == 2
    assert "1.5 is not between 0 and 1" in capsys.readouterr().err


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for option in ("model", "output", "precision", "name", "num-inference-steps"):
        assert f"--{option}" in text
