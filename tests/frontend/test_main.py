"""`python -m frontend` as processes of their own, with signals."""

import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from tests.frontend.api_process import Api, run, running
from tests.frontend.conftest import SMALL, wait_until
from tests.frontend.fake_triton import FakeTriton, Fault


def test_a_bad_variable_stops_the_start_with_its_name_and_value(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    process = run({"MAX_RESOLUTION": "12"}, log)
    assert process.wait(20) == 1
    assert "MAX_RESOLUTION='12'" in log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.mark.slow
def test_several_workers_serve_one_job_store(fake_triton: FakeTriton, tmp_path: Path) -> None:
    values = {"API_WORKERS": "2", "MAX_CONCURRENT_JOBS": "2", "LOG_FORMAT": "json"}
    fake_triton.step_seconds = 0.03
    with running(fake_triton, tmp_path, **values) as api:
        jobs = [api.post() for _ in range(6)]
        wait_until(lambda: all(api.status(job_id) == "completed" for job_id in jobs))
        assert fake_triton.most_at_once <= 2
        assert len(fake_triton.seen) == 6
        lines = api.log.read_text().splitlines()
    assert all(line.startswith('{"timestamp"') for line in lines), lines
    assert sum('"state": "completed"' in line for line in lines) == 6


@pytest.mark.slow
def test_sigterm_hands_running_jobs_back_and_tells_those_who_wait(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    fake_triton.faults = [Fault.HANG]
    with running(fake_triton, tmp_path) as api:
        answers: list[httpx.Response] = []

        def wait_for_video() -> None:
            body = {**SMALL, "wait": True}
            url = f"http://127.0.0.1:{api.port}/generate"
            answers.append(httpx.post(url, json=body, timeout=60))

        waiting = threading.Thread(target=wait_for_video)
        waiting.start()
        wait_until(lambda: bool(fake_triton.seen))
        api.process.send_signal(signal.SIGTERM)
        assert api.process.wait(timeout=5) == 0
        waiting.join(timeout=5)
        assert answers[0].status_code == 503
        job_id = answers[0].json()["job_id"]
        assert "queued again" in api.log.read_text()
        assert "Traceback" not in api.log.read_text()
        api.start()
        wait_until(lambda: api.status(job_id) == "completed")


@pytest.mark.slow
def test_a_killed_server_takes_its_jobs_up_again(fake_triton: FakeTriton, tmp_path: Path) -> None:
    fake_triton.faults = [Fault.HANG]
    with running(fake_triton, tmp_path) as api:
        job_id = api.post()
        wait_until(lambda: bool(fake_triton.seen))
        api.process.kill()
        api.process.wait()
        api.start()
        assert api.status(job_id) == "running"  # until its lease has run out
        wait_until(lambda: api.status(job_id) == "completed", seconds=20)
        assert api.http.get(f"/status/{job_id}").json()["attempts"] == 2
        first, second = (seen.request for seen in fake_triton.seen)
        assert first == second
    assert list((tmp_path / "outputs").glob(".video*")) == []


def test_a_job_goes_on_when_its_client_disconnects(fake_triton: FakeTriton, tmp_path: Path) -> None:
    fake_triton.step_seconds = 0.2
    with running(fake_triton, tmp_path) as api:
        with pytest.raises(httpx.ReadTimeout):
            api.http.post("/generate", json={**SMALL, "wait": True}, timeout=0.5)
        [job] = api.http.get("/jobs").json()["jobs"]
        wait_until(lambda: api.status(job["job_id"]) == "completed")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OUTPUT_DIR", "/proc"),
        ("OUTPUT_DIR", "/dev/null/outputs"),
        ("DATABASE_URL", "nonsense:jobs"),
        ("DATABASE_URL", "postgresql+nodriver://localhost/jobs"),
    ],
)
def test_a_store_that_cannot_be_opened_stops_the_start_and_is_named(
    variable: str, value: str, tmp_path: Path
) -> None:
    environment = {"OUTPUT_DIR": str(tmp_path / "outputs"), variable: value}
    process = run(environment, tmp_path / "log.txt")

    assert process.wait(30) == 1
    printed = (tmp_path / "log.txt").read_text()
    assert variable in printed
    assert "Traceback" not in printed


def test_a_store_of_a_newer_version_stops_the_start_with_one_message(tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    with closing(sqlite3.connect(file)) as store, store:
        store.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        store.execute("INSERT INTO alembic_version VALUES ('9876')")

    process = run({"OUTPUT_DIR": str(tmp_path)}, tmp_path / "log.txt")

    assert process.wait(30) == 1
    (message,) = (tmp_path / "log.txt").read_text().splitlines()
    assert message.startswith(f"The job store {file} has schema revision 9876, and this version")


def kill_parent(api: Api) -> list[psutil.Process]:
    """Kill the parent of the workers, and return the workers that do not end with it."""
    workers = psutil.Process(api.process.pid).children(recursive=True)
    api.process.kill()
    api.process.wait()
    _, alive = psutil.wait_procs(workers, timeout=30)
    return list(alive)


@pytest.mark.slow
def test_workers_end_with_their_parent_and_leave_the_port_to_the_next_start(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    fake_triton.faults = [Fault.HANG]
    with running(fake_triton, tmp_path, API_WORKERS="2", TMPDIR=str(tmp_path)) as api:
        job_id = api.post()
        wait_until(lambda: bool(fake_triton.seen))
        assert kill_parent(api) == []
        assert list(tmp_path.glob("ltx_counts_*"))

        api.start()

        wait_until(lambda: api.status(job_id) == "completed")
        assert len(list(tmp_path.glob("ltx_counts_*"))) == 1


@pytest.mark.slow
def test_a_start_with_one_worker_removes_what_a_killed_one_with_several_left(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    with running(fake_triton, tmp_path, API_WORKERS="2", TMPDIR=str(tmp_path)) as several:
        kill_parent(several)
    assert list(tmp_path.glob("ltx_counts_*"))

    with running(fake_triton, tmp_path, API_WORKERS="1", TMPDIR=str(tmp_path)):
        assert list(tmp_path.glob("ltx_counts_*")) == []


def test_a_service_below_a_path_answers_what_the_proxy_passes_on(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    key = "0123456789abcdef"
    values = {"ROOT_PATH": "/video", "API_KEY_REQUIRED": "true", "API_KEY": key}
    with running(fake_triton, tmp_path, **values) as api:  # it is healthy without a key
        for path in ("/", "/static/style.css", "/swagger/swagger-ui.css", "/openapi.json"):
            assert api.http.get(path, headers={"X-API-Key": key}).is_success, path


def test_videos_without_jobs_are_named_at_the_start(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "video_of_nobody.mp4").touch()

    with running(fake_triton, tmp_path) as api:
        assert "1 videos in OUTPUT_DIR have no job" in api.log.read_text()
        assert "video_of_nobody.mp4" in api.log.read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_address_of_both_families_serves_both(
    workers: str, fake_triton: FakeTriton, tmp_path: Path
) -> None:
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("no IPv6 here")
    with running(fake_triton, tmp_path, API_HOST="::", API_WORKERS=workers) as api:
        for host in ("127.0.0.1", "[::1]", "localhost"):
            assert httpx.get(f"http://{host}:{api.port}/model-status").is_success
