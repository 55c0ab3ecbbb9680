import hashlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from frontend.local.service import local_frontend
from ltx_triton.launcher.local_triton import LocalTriton
from tests.e2e.conftest import StartFrontend
from tests.e2e.jobs import finish, post, status, wait_until
from tests.ltx_triton.launcher.processes import processes_of_session, stub_of

# Each stage lasts longer than a worker takes to write down that it has begun.
LONG = {"resolution": 512, "duration": 10, "fps": 8, "seed": 1}


@pytest.fixture
def own_triton(repository: Path) -> Iterator[LocalTriton]:
    """A Triton that a test may break."""
    with LocalTriton(repository) as server:
        yield server


@pytest.fixture
def own_frontend(own_triton: LocalTriton, tmp_path: Path) -> Iterator[str]:
    with local_frontend(own_triton, tmp_path) as running:
        yield running.url


def digest(url: str, path: str) -> str:
    return hashlib.sha256(requests.get(url + path, timeout=60).content).hexdigest()


@pytest.mark.parametrize(
    ("victim", "number"),
    [
        ("transformer", signal.SIGKILL),
        ("vae_decoder", signal.SIGKILL),
        ("ltx_video", signal.SIGKILL),
        ("the server", signal.SIGKILL),
        ("the server", signal.SIGTERM),  # refuses the next engine call of a running job
    ],
)
def test_a_job_whose_engine_ends_is_done_again_with_the_same_result(
    own_triton: LocalTriton,
    own_frontend: str,
    tmp_path: Path,
    victim: str,
    number: signal.Signals,
) -> None:
    undisturbed = post(own_frontend, **LONG)
    finish(own_frontend, undisturbed["job_id"])
    server = own_triton.pid
    job = post(own_frontend, **LONG)
    stage = "decode" if victim == "vae_decoder" else "denoise"
    wait_until(own_frontend, job["job_id"], lambda answer: answer.get("stage") == stage)

    process = psutil.Process(server) if victim == "the server" else stub_of(server, victim)
    process.send_signal(number)

    last = finish(own_frontend, job["job_id"])
    assert last["status"] == "completed", last
    # The stop of the server is not the job's fault.
    assert last["attempts"] == (1 if number == signal.SIGTERM else 2)
    assert digest(own_frontend, job["download_url"]) == digest(
        own_frontend, undisturbed["download_url"]
    )
    assert own_triton.pid != server
    assert processes_of_session(server) == []
    videos = {path.name for path in (tmp_path / "outputs").iterdir() if "mp4" in path.name}
    assert videos == {last["filename"], status(own_frontend, undisturbed["job_id"])["filename"]}


def test_without_triton_requests_are_told_to_wait_and_health_says_so(
    own_triton: LocalTriton, own_frontend: str
) -> None:
    own_triton.stop()

    response = requests.post(f"{own_frontend}/generate", data={"prompt": "a"}, timeout=10)

    assert response.status_code == 503
    assert response.json() == {
        "detail": "Model not loaded, please wait",
        "error_type": "model_not_loaded",
    }
    assert int(response.headers["Retry-After"]) > 0
    health = requests.get(f"{own_frontend}/health", timeout=10)
    assert health.status_code == 503
    assert health.json()["status"] == "unhealthy"
    model = requests.get(f"{own_frontend}/model-status", timeout=10).json()
    assert model["status"] == "unavailable"
    assert model["memory_usage_gb"] is None


def test_a_job_of_a_killed_frontend_is_taken_up_by_the_next_one(
    start_frontend: StartFrontend,
) -> None:
    first = start_frontend()
    job = post(first.url, **LONG)
    wait_until(first.url, job["job_id"], lambda answer: bool(answer.get("step")))
    os.killpg(first.pid, signal.SIGKILL)
    time.sleep(0.5)

    second = start_frontend().url

    last = finish(second, job["job_id"])  # once the lease of the dead worker has run out
    assert last["status"] == "completed"
    assert last["attempts"] == 2
