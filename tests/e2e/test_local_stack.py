import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from frontend.local.api import LocalFrontend
from frontend.local.service import local_service
from ltx_triton.launcher.listening import PortTakenError
from ltx_triton.launcher.local_triton import LocalTriton, free_port
from tests.e2e.jobs import finish, post, wait_until
from tests.ltx_triton.launcher.processes import (
    free_triton_ports,
    processes_of_session,
    ready_line,
    stub_of,
    wait_for,
)

SERVE = [sys.executable, "-m", "ltx_command", "serve", "--model-repository"]


@contextmanager
def command(repository: Path, environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """The command behind `make serve`, ready."""
    with subprocess.Popen(
        [*SERVE, repository],
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert ready_line(process) == f"Ready: {url_of(environment)} (Ctrl-C stops)\n"
            yield process
        finally:
            process.terminate()


def run_to_its_end(
    arguments: list[str | Path], environment: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        arguments,
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def url_of(environment: dict[str, str]) -> str:
    return f"http://127.0.0.1:{environment['API_PORT']}"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return free_triton_ports() | {
        "API_HOST": "127.0.0.1",
        "API_PORT": str(free_port()),
        "OUTPUT_DIR": str(tmp_path / "outputs"),
        "LOG_LEVEL": "ERROR",
    }


@pytest.fixture
def serve(repository: Path, environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    with command(repository, environment) as process:
        yield process


def sessions(launcher: int) -> list[int]:
    return [child.pid for child in psutil.Process(launcher).children()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_runs_on_after_the_command_has_ended(
    serve: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    children = sessions(serve.pid)
    assert len(children) == 2

    serve.send_signal(number)
    serve.communicate(timeout=30)

    wait_for(
        lambda: not any(processes_of_session(child) for child in children),
        30,
        "all processes gone",
    )


def test_the_command_ends_when_the_frontend_does(serve: "subprocess.Popen[str]") -> None:
    [frontend] = [
        child
        for child in psutil.Process(serve.pid).children()
        if child.cmdline()[-2:] == ["-m", "frontend"]
    ]

    frontend.kill()

    _, printed = serve.communicate(timeout=30)
    assert serve.returncode == 1
    assert "the frontend ended (exit -9)" in printed


def test_a_taken_port_ends_the_command_before_triton_starts(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Triton, without a checkpoint here, would end it with other words."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment["API_PORT"])))
        taken.listen()

        ended = run_to_its_end([*SERVE, tmp_path], environment)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: port {environment['API_PORT']} (API_PORT) is taken by ")


def test_too_few_open_files_end_the_command_in_words(
    repository: Path, environment: dict[str, str]
) -> None:
    """Triton would hang."""
    limited: list[str | Path] = [
        "/bin/sh",
        "-c",
        'ulimit -n 64; exec "$@"',
        "sh",
        *SERVE,
        repository,
    ]

    ended = run_to_its_end(limited, environment)

    assert ended.returncode == 1
    assert ended.stderr == (
        "Error: this process may open 64 files, Triton needs 256: raise the limit (ulimit -n 256)\n"
    )


def test_a_taken_port_is_named_instead_of_serving_somebody_elses_answers(
    frontend: str, triton: LocalTriton
) -> None:
    port = int(frontend.rpartition(":")[2])

    with pytest.raises(PortTakenError, match=rf"port {port} \(API_PORT\) is taken by python"):
        LocalFrontend(triton, port=port).__enter__()

    assert requests.get(f"{frontend}/health", timeout=10).status_code == 200


def test_the_command_starts_again_at_once_after_it_was_killed(
    repository: Path, environment: dict[str, str]
) -> None:
    """Nothing of the dead one holds a port, even in the middle of a job, which then goes on."""
    url = url_of(environment)
    with command(repository, environment) as killed:
        stub_of(killed.pid, "transformer").suspend()
        job = post(url)["job_id"]
        wait_until(url, job, lambda answer: answer["status"] == "running")
        killed.kill()

    with command(repository, environment):
        assert finish(url, job)["status"] == "completed"


def test_an_engine_that_hangs_is_restarted_and_no_job_is_lost(
    serve: "subprocess.Popen[str]", environment: dict[str, str]
) -> None:
    url = url_of(environment)
    stub_of(serve.pid, "transformer").suspend()
    jobs = [post(url)["job_id"] for _ in range(6)]

    wait_for(lambda: requests.get(f"{url}/health", timeout=10).status_code == 503, 60, "unhealthy")
    answers = [finish(url, job_id) for job_id in jobs]
    assert {answer["status"] for answer in answers} == {"completed"}
    assert max(answer["attempts"] for answer in answers) <= 2
    assert sum(answer["attempts"] == 1 for answer in answers) >= 2  # those that had not begun


def test_packages_of_the_current_folder_are_not_run(
    demo_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("frontend", "ltx_triton", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('of another project')")
    monkeypatch.chdir(tmp_path)

    with local_service(demo_repository) as service:
        finish(service.url, post(service.url)["job_id"])
