import os
import pty
import sys
import termios
import threading
from typing import Any

import pytest

from ltx_command.progress import Progress

RUNNING = {"job_id": "0badcafe", "status": "running", "stage": "denoise", "total_steps": 8}


def test_a_line_is_written_for_each_stage_and_not_for_each_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress() as progress:
        progress({"job_id": "0badcafe", "status": "queued", "queue_position": 2})
        for step in range(8):
            progress({**RUNNING, "step": step, "eta_seconds": 200 - step})
        progress({**RUNNING, "stage": "decode", "eta_seconds": 4.4})

    assert capsys.readouterr().err.splitlines() == [
        "Job 0badcafe",
        "queued, position 2",
        "step 0 of 8, 3 min left",
        "decode, 4 s left",
    ]


def test_on_a_terminal_a_bar_shows_step_share_and_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = on_a_terminal(
        monkeypatch, {**RUNNING, "step": 2, "percent": 25.0, "eta_seconds": 6.0}
    )

    assert "Job 0badcafe" in written
    assert "step 2 of 8            25% |" in written
    assert "6 s left" in written


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, status: dict[str, Any]) -> str:
    """What is written to a terminal for a status."""
    ours, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    parts: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(ours, 1000):
                parts.append(part)
        except OSError:  # the other end is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with Progress() as progress:
            progress(status)
        monkeypatch.undo()
    reader.join()
    os.close(ours)
    return b"".join(parts).decode()
