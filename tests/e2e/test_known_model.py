"""`ltx-video demo --model` with a tiny checkpoint: exported and served at first, then served."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from frontend.media import reader as mp4
from ltx_triton.contract import TRANSFORMER
from ltx_triton.repository.layout import (
    ENGINE_FILE,
    MODEL_FILE,
    TEMPLATE_REPOSITORY,
    version_folder,
)
from tests.ltx_command.known_model import LICENCE, command, environment

pytestmark = pytest.mark.slow


def demo(
    checkpoint: Path, folder: Path, *options: str, answer: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the demo in `folder`; with an answer, on a terminal on which it is typed."""
    keyboard, terminal = pty.openpty()
    if answer is not None:
        os.write(keyboard, f"{answer}\n".encode())
    finished = subprocess.run(
        command(checkpoint, folder, "demo", "--model", "2b", *options),
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL if answer is None else terminal,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(keyboard)
    os.close(terminal)
    return finished


def test_the_first_run_exports_after_a_yes_and_the_second_starts_at_once(
    checkpoint_folder: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "models" / "2b"
    engine, model = (
        version_folder(repository, TRANSFORMER) / name for name in (ENGINE_FILE, MODEL_FILE)
    )

    first = demo(checkpoint_folder, tmp_path, "a cat", answer="y")

    assert first.returncode == 0, first.stdout + first.stderr
    assert f"Its licence: {LICENCE}\n" in first.stdout
    assert "with random weights of this model's size in INT8 it took 2 min" in first.stdout
    assert "Go on? [y/N]: " in first.stdout
    assert f"Exported {checkpoint_folder} to {repository}\n" in first.stdout
    assert first.stdout.endswith(
        f"To serve 2b from now on: ltx-video serve --model-repository {repository}\n"
    )
    assert mp4.read(tmp_path / "outputs" / "demo.mp4").frames.shape == (24, 512, 512, 3)

    exported = engine.stat().st_mtime_ns
    model.write_text("of an earlier version")
    (repository / "prepared").write_text("an earlier version")
    second = demo(checkpoint_folder, tmp_path, "--output", "again.mp4")

    assert second.returncode == 0, second.stdout + second.stderr
    assert second.stdout.startswith("Starting Triton and the frontend ...\n")
    assert (tmp_path / "again.mp4").is_file()
    assert engine.stat().st_mtime_ns == exported
    template = version_folder(TEMPLATE_REPOSITORY, TRANSFORMER) / MODEL_FILE
    assert model.read_bytes() == template.read_bytes()


def test_after_a_no_nothing_is_written(checkpoint_folder: Path, tmp_path: Path) -> None:
    refused = demo(checkpoint_folder, tmp_path, answer="n")

    assert refused.returncode == 1
    assert refused.stderr.endswith("Aborted!\n")
    assert not (tmp_path / "models").exists()
