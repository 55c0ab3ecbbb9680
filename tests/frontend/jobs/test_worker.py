"""Jobs whose engine, worker or lease is lost. The endpoints' tests cover the ordinary course."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from frontend.database.database import Database
from frontend.jobs import lease_clock, queue, transitions
from frontend.jobs.model import MAX_ATTEMPTS, Job
from frontend.jobs.queue import JobQueue
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import JobStore
from frontend.services import Intervals
from tests.frontend.conftest import SMALL, StartApi, new_job, post, wait_for, wait_until
from tests.frontend.fake_triton import FakeTriton, Fault, with_memory


@pytest.fixture
def intervals() -> Intervals:
    return Intervals(retry_delay=0.05)


@pytest.mark.parametrize(
    "fault", [Fault.ABORT, Fault.EARLY_END, Fault.ERROR_MESSAGE, Fault.TOO_FEW_FRAMES]
)
def test_a_job_whose_engine_is_lost_is_tried_again_with_the_same_seed(
    fault: Fault, api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [fault]
    fake_triton.message = "ENGINE_LOST: transformer: the process died"
    job_id = post(api)
    status = wait_for(api, job_id, "completed", "failed")
    assert (status["status"], status["attempts"]) == ("completed", 2)
    first, second = (seen.request for seen in fake_triton.seen)
    assert first == second


def test_an_engine_that_is_lost_before_any_progress_costs_no_attempt(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.ERROR_AT_ONCE] * MAX_ATTEMPTS
    fake_triton.message = "ENGINE_LOST: text_encoder: the process died"
    status = wait_for(api, post(api), "completed", "failed")
    assert (status["status"], status["attempts"]) == ("completed", 1)
    assert len(fake_triton.seen) == MAX_ATTEMPTS + 1


def test_the_third_loss_of_the_engine_fails_the_job(
    api: TestClient, fake_triton: FakeTriton, output_dir: Path
) -> None:
    fake_triton.faults = [Fault.EARLY_END] * 3
    job_id = post(api)
    status = wait_for(api, job_id, "completed", "failed")
    assert (status["status"], status["attempts"]) == ("failed", 3)
    assert "interrupted 3 times" in status["error"]
    assert "the stream ended" in status["error"]
    assert status["error_type"] == "generation_error"
    assert list(output_dir.glob("*video*")) == []


def test_a_job_waits_until_its_memory_is_free(start_api: StartApi, fake_triton: FakeTriton) -> None:
    fake_triton.info = with_memory(bytes_for_a_token=10**7)
    fake_triton.step_seconds = 0.1
    api = start_api(memory_budget_gb=0.45)  # for one job: 8 tokens, and 0.33 GB of the service

    jobs = [post(api), post(api), post(api)]

    for job_id in jobs:
        assert wait_for(api, job_id, "completed")["attempts"] == 1
    assert fake_triton.most_at_once == 1


def test_a_job_waits_for_triton_to_come_back(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = post(api)
    wait_until(lambda: bool(fake_triton.seen))
    fake_triton.stop()
    wait_for(api, job_id, "queued")
    time.sleep(1)  # long enough to use up all attempts, if it were tried meanwhile
    status = api.get(f"/status/{job_id}").json()
    assert (status["status"], status["attempts"]) == ("queued", 1)
    fake_triton.start()
    assert wait_for(api, job_id, "completed")["attempts"] == 2


def test_a_job_does_not_hang_when_triton_stops_being_ready(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = post(api)
    wait_until(lambda: bool(fake_triton.seen))
    fake_triton.ready = False
    wait_for(api, job_id, "queued")
    wait_until(lambda: fake_triton.seen[0].cancelled)
    fake_triton.ready = True
    wait_for(api, job_id, "completed")


def test_a_wrong_video_fails_instead_of_being_delivered(
    api: TestClient, fake_triton: FakeTriton, output_dir: Path
) -> None:
    fake_triton.faults = [Fault.WRONG_SIZE]
    status = wait_for(api, post(api), "failed")
    assert status["error"] == "The engine returned frames of (32, 64, 3), not (64, 64, 3)"
    assert list(output_dir.glob("*video*")) == []


def test_a_video_that_cannot_be_written_fails_before_the_engine_has_worked(
    api: TestClient, fake_triton: FakeTriton, output_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VideoFolder, "partial", lambda *_: output_dir / "no folder" / "video")
    status = wait_for(api, post(api), "failed")
    assert status["error"] == "The video cannot be written: No such file or directory"
    assert fake_triton.seen == []
    assert status["error_type"] == "generation_error"


def test_the_job_of_a_dead_worker_is_taken_over(database: Database, start_api: StartApi) -> None:
    store = JobStore(database)
    store.add(new_job(), 10)
    dead = JobQueue(database, "dead worker", max_running=4, lease_seconds=0.1).claim()
    assert dead
    api = start_api()
    status = wait_for(api, dead.id, "completed")
    assert (status["attempts"], status["seed"]) == (2, dead.spec.seed)


def test_what_a_dead_worker_has_left_goes_when_its_job_is_taken_over(
    database: Database, start_api: StartApi, output_dir: Path
) -> None:
    JobStore(database).add(new_job(), 10)
    # Its lease outlasts the cleaning at the start of the next worker.
    dead = JobQueue(database, "dead worker", max_running=4, lease_seconds=2).claim()
    assert dead
    left = VideoFolder(output_dir, max_gb=1, keep_days=1, mp4_preset="ultrafast").partial(dead)
    left.write_bytes(b"part")
    api = start_api()
    assert api.get(f"/status/{dead.id}").json()["status"] == "running"
    wait_for(api, dead.id, "completed")
    assert not left.exists()


def test_a_worker_leaves_a_job_that_another_has_taken_over(
    api: TestClient, database: Database, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = post(api)
    wait_until(lambda: bool(fake_triton.seen))
    with database.transaction() as session:
        job = session.get(Job, job_id)
        assert job
        job.worker_id, job.attempts = "another", 2
        job.lease_expires_at = time.time() + 15
    wait_until(lambda: fake_triton.seen[0].cancelled)
    assert api.get(f"/status/{job_id}").json()["status"] == "running"


def test_a_worker_keeps_the_lease_of_a_long_job(
    database: Database, start_api: StartApi, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    api = start_api()
    job_id = post(api)
    wait_for(api, job_id, "running")

    def lease() -> float:
        job = JobStore(database).get(job_id)
        assert job
        assert job.lease_expires_at
        return job.lease_expires_at

    before = lease()
    wait_until(lambda: lease() > before, seconds=3)
    api.delete(f"/jobs/{job_id}")


def test_a_worker_that_stops_hands_its_jobs_to_the_others(
    start_api: StartApi, database: Database, fake_triton: FakeTriton, output_dir: Path
) -> None:
    fake_triton.faults = [Fault.HANG, Fault.HANG]
    leaving = start_api()
    jobs = [post(leaving), post(leaving)]
    wait_until(lambda: len(fake_triton.seen) == 2)
    leaving.__exit__(None, None, None)
    stored = [JobStore(database).get(job_id) for job_id in jobs]
    assert [(job.state, job.attempts) for job in stored if job] == [("queued", 0)] * 2
    assert list(output_dir.glob(".video*")) == []
    staying = start_api()
    for job_id in jobs:
        assert wait_for(staying, job_id, "completed")["attempts"] == 1


def test_jobs_accepted_before_a_restart_are_done_after_it(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    first = start_api(max_concurrent_jobs=1)
    fake_triton.faults = [Fault.HANG]
    jobs = [post(first) for _ in range(3)]
    first.__exit__(None, None, None)
    second = start_api(max_concurrent_jobs=1)
    for job_id in jobs:
        wait_for(second, job_id, "completed")


@pytest.mark.parametrize("step", [3600.0, -7200.0])
def test_a_clock_that_is_set_costs_no_attempt(
    step: float,
    start_api: StartApi,
    fake_triton: FakeTriton,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_triton.step_seconds = 1
    first, second = start_api(), start_api()
    jobs = [post(api) for api in (first, second)]
    wait_until(lambda: len(fake_triton.seen) == 2)

    # Not everywhere: gRPC would compute deadlines with it that have passed on the real clock.
    clock = SimpleNamespace(time=lambda: time.time() + step, monotonic=time.monotonic)
    for module in (queue, transitions, lease_clock):
        monkeypatch.setattr(module, "time", clock)

    for job_id in jobs:
        assert wait_for(first, job_id, "completed")["attempts"] == 1


def test_a_clock_that_is_set_back_makes_no_job_wait_for_less_than_nothing(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(time=lambda: time.time() - 3600, monotonic=time.monotonic)
    monkeypatch.setattr(transitions, "time", clock)

    status = wait_for(api, post(api), "completed")

    assert status["stage_seconds"]["queue"] == 0


def test_a_result_is_kept_until_the_job_store_is_back(
    api: TestClient, fake_triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = JobQueue.complete
    away = [None] * 2

    def call(queue: JobQueue, job: Job, **result: Any) -> bool:
        if away:
            away.pop()
            raise OperationalError("UPDATE", {}, Exception("server closed the connection"))
        return complete(queue, job, **result)

    monkeypatch.setattr(JobQueue, "complete", call)

    assert wait_for(api, post(api), "completed")["attempts"] == 1
    assert not away
    assert len(fake_triton.seen) == 1


def test_a_job_whose_encoder_was_killed_is_tried_again(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    def encoders() -> list[psutil.Process]:
        children = psutil.Process().children(recursive=True)
        return [child for child in children if "ffmpeg" in child.name()]

    fake_triton.step_seconds = 0.3
    job_id = post(api)
    wait_until(lambda: bool(encoders()))
    for encoder in encoders():
        encoder.kill()

    status = wait_for(api, job_id, "completed", "failed")
    assert (status["status"], status["attempts"]) == ("completed", 2)


def test_a_job_waits_for_room_on_the_disk(
    api: TestClient, fake_triton: FakeTriton, output_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = output_dir / ".full"
    full.symlink_to("/dev/full")
    partial = VideoFolder.partial
    monkeypatch.setattr(VideoFolder, "partial", lambda *_: full)
    job_id = post(api)
    wait_until(lambda: bool(fake_triton.seen))
    monkeypatch.setattr(VideoFolder, "has_room", lambda _: False)
    wait_for(api, job_id, "queued")
    assert api.get("/health").json()["reason"] == "the disk of OUTPUT_DIR is full"
    refused = api.post("/generate", json=SMALL)
    assert refused.status_code == 507
    assert refused.json()["error_type"] == "storage_full"

    monkeypatch.setattr(VideoFolder, "partial", partial)
    monkeypatch.setattr(VideoFolder, "has_room", lambda _: True)

    assert wait_for(api, job_id, "completed")["attempts"] == 1
