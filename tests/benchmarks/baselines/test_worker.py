import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.baselines.worker import Worker, WorkerError

MODULE = """
import os, sys, time
from benchmarks.baselines.worker import end_with_owner, serve_commands

end_with_owner()
serve_commands({
    "add": lambda a, b: a + b,
    "chat": lambda: print("between"),
    "die": lambda: os._exit(3),
    "work": lambda: (print(os.getpid(), flush=True), time.sleep(600)),
})
"""


OWNER = """
import sys
from benchmarks.baselines.worker import Worker

Worker(sys.executable, "serving").ask("work")
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    (tmp_path / "serving.py").write_text(MODULE)
    root = Path(__file__).parents[3]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{root}")
    worker = Worker(sys.executable, "serving", tmp_path)
    yield worker
    worker.close()


def test_results_are_returned(worker: Worker) -> None:
    assert worker.ask("add", 1, 2.5) == 3.5
    assert worker.ask("add", [1], [2]) == [1, 2]


def test_other_output_is_printed(worker: Worker, capsys: pytest.CaptureFixture[str]) -> None:
    assert worker.ask("chat") is None
    assert capsys.readouterr().out == "between\n"


def test_an_exited_worker_is_named(worker: Worker) -> None:
    with pytest.raises(WorkerError, match="serving exited with code 3 at die"):
        worker.ask("die")
    with pytest.raises(WorkerError, match="exited with code 3 at add"):
        worker.ask("add", 1, 2)


def test_a_worker_ends_with_a_killed_owner_within_a_command(worker: Worker) -> None:
    command = [sys.executable, "-c", OWNER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        working = psutil.Process(int(owner.stdout.readline()))
        owner.kill()
        working.wait(timeout=10)
    assert worker.ask("add", 1, 1) == 2, "others go on"
