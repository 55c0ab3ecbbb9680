import hashlib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from frontend.jobs.model import Job, JobState
from frontend.jobs.store import JobStore
from ltx_triton import __version__
from tests.frontend.conftest import SMALL, StartApi, post, wait_for, wait_until
from tests.frontend.fake_triton import INFO, FakeTriton, Fault

DOCUMENTED = {
    "job_id",
    "status",
    "prompt",
    "duration",
    "created_at",
    "completed_at",
    "file_size_mb",
    "generation_time_seconds",
}


def test_a_completed_job_has_its_result(api: TestClient) -> None:
    job_id = post(api, seed=11)
    status = wait_for(api, job_id, "completed")
    assert status.keys() >= DOCUMENTED
    assert status["seed"] == 11
    assert status["percent"] == 100.0
    assert status["filename"].endswith(f"_{job_id}.mp4")
    assert status["download_url"] == f"/download/{job_id}"
    assert status["frames_generated"] == 8
    assert (status["model_used"], status["device_used"]) == ("someone/Fake-Model", "cpu")
    assert list(status["stage_seconds"]) == ["queue", "text", "denoise", "decode", "mp4"]
    assert status["stage_seconds"]["denoise"] >= 4 * 0.005 * 0.9
    assert "error" not in status
    assert "stage" not in status
    created = datetime.fromisoformat(status["created_at"]).replace(tzinfo=UTC)
    assert abs(created.timestamp() - time.time()) < 60
    assert len(status["created_at"]) == len("2025-08-09T00:47:35")


def test_a_running_job_shows_its_true_progress(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = post(api)
    wait_until(lambda: api.get(f"/status/{job_id}").json().get("step") == 1)
    status = api.get(f"/status/{job_id}").json()
    assert status.keys() >= DOCUMENTED
    assert (status["status"], status["stage"]) == ("running", "denoise")
    assert (status["step"], status["total_steps"]) == (1, 4)
    assert status["percent"] == round(100 * 2 / 7, 1)
    assert status["elapsed_seconds"] >= 0
    assert status["completed_at"] is None
    assert status["file_size_mb"] is None
    api.delete(f"/jobs/{job_id}")


def test_any_worker_knows_every_job(start_api: StartApi) -> None:
    first, second = start_api(), start_api()
    job_id = post(first)
    assert (
        wait_for(second, job_id, "completed")["seed"]
        == wait_for(first, job_id, "completed")["seed"]
    )


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize("job_id", ["00000000", "x", "abc123def", "%00", "é", "a" * 3000])
def test_an_unknown_job_is_not_found(method: str, job_id: str, api: TestClient) -> None:
    path = "/status" if method == "get" else "/jobs"
    response = api.request(method, f"{path}/{job_id}")
    assert response.status_code == 404
    assert response.json()["detail"] == "Job not found"
    assert response.json()["error_type"] == "not_found"


def test_cancelling_a_queued_job_keeps_it_from_running(
    start_api: StartApi, fake_triton: FakeTriton, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    api = start_api(max_concurrent_jobs=1)
    fake_triton.faults = [Fault.HANG]
    running, queued = post(api), post(api)
    assert api.get(f"/status/{queued}").json()["status"] == "queued"
    assert api.delete(f"/jobs/{queued}").json()["status"] == "cancelled"
    wait_until(lambda: f"job {queued} cancelled" in caplog.messages)
    assert caplog.messages.count(f"job {queued} cancelled") == 1
    api.delete(f"/jobs/{running}")
    third = post(api)
    wait_for(api, third, "completed")
    assert len(fake_triton.seen) == 2


def test_cancelling_a_running_job_stops_the_engine(
    api: TestClient, fake_triton: FakeTriton, output_dir: Path
) -> None:
    fake_triton.step_seconds = 0.2
    fake_triton.steps = 100
    job_id = post(api)
    wait_until(lambda: api.get(f"/status/{job_id}").json().get("step", 0) >= 1)
    response = api.delete(f"/jobs/{job_id}")
    assert response.status_code == 200
    assert response.json()["status"] == "cancelled"
    wait_until(lambda: fake_triton.seen[0].cancelled, seconds=2)
    assert list(output_dir.glob("*video*")) == []
    assert list(output_dir.glob(".video*")) == []
    assert api.get(f"/status/{job_id}").json()["status"] == "cancelled"


def test_a_job_is_cancelled_through_another_worker(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    owner = start_api()
    job_id = post(owner)
    wait_for(owner, job_id, "running")
    other = start_api()
    began = time.monotonic()
    assert other.delete(f"/jobs/{job_id}").json()["status"] == "cancelled"
    assert time.monotonic() - began < 1.5
    wait_until(lambda: fake_triton.seen[0].cancelled, seconds=2)


def test_the_end_of_a_job_that_is_claimed_while_it_is_cancelled_is_logged_once(
    start_api: StartApi,
    fake_triton: FakeTriton,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("INFO")
    api = start_api(max_concurrent_jobs=1)
    fake_triton.faults = [Fault.HANG] * 2
    running, queued = post(api), post(api)
    cancel = JobStore.cancel

    def is_running(store: JobStore) -> bool:
        job = store.get(queued)
        return job is not None and job.state == JobState.RUNNING

    def cancel_late(store: JobStore, job_id: str) -> bool:
        cancel(store, running)
        wait_until(lambda: is_running(store))
        return cancel(store, job_id)

    monkeypatch.setattr(JobStore, "cancel", cancel_late)

    assert api.delete(f"/jobs/{queued}").json()["status"] == "cancelled"

    wait_until(lambda: f"job {queued} cancelled" in caplog.messages)
    assert caplog.messages.count(f"job {queued} cancelled") == 1


def test_a_job_that_runs_or_waits_is_cancelled_and_kept(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    api = start_api(max_concurrent_jobs=1)
    fake_triton.faults = [Fault.HANG]
    running, queued = post(api), post(api)
    wait_for(api, running, "running")

    for job_id in (queued, running):
        answer = api.post(f"/jobs/{job_id}/cancel")
        assert answer.status_code == 200
        assert answer.json() == api.get(f"/status/{job_id}").json()
        assert answer.json()["status"] == "cancelled"
    wait_until(lambda: fake_triton.seen[0].cancelled, seconds=2)
    again = api.post(f"/jobs/{queued}/cancel")
    assert again.status_code == 409
    assert again.json()["detail"] == "The job is cancelled; there is nothing to cancel"


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_job_that_is_completed_is_kept_when_it_is_cancelled(
    *, meanwhile: bool, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = post(api)
    wait_for(api, job_id, "completed")
    if meanwhile:
        look_up = JobStore.get
        looked_up: list[str] = []

        def get_early(store: JobStore, wanted: str) -> Job | None:
            job = look_up(store, wanted)
            if job is not None and not looked_up:
                job.state = JobState.RUNNING
            looked_up.append(wanted)
            return job

        monkeypatch.setattr(JobStore, "get", get_early)

    answer = api.post(f"/jobs/{job_id}/cancel")

    assert answer.status_code == 409
    assert answer.json()["detail"] == "The job is completed; there is nothing to cancel"
    assert api.get(f"/download/{job_id}").status_code == 200


def test_a_finished_job_is_removed_with_its_video(
    api: TestClient, fake_triton: FakeTriton, output_dir: Path
) -> None:
    completed = post(api)
    wait_for(api, completed, "completed")
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    failed = post(api)
    wait_for(api, failed, "failed")

    for job_id, state in ((completed, "completed"), (failed, "failed")):
        body = api.delete(f"/jobs/{job_id}").json()
        assert (body["status"], body["deleted"]) == (state, True)
        for method, path in (("GET", "status"), ("GET", "download"), ("DELETE", "jobs")):
            assert api.request(method, f"/{path}/{job_id}").status_code == 404
    assert list(output_dir.glob("*video*")) == []


def test_a_job_is_also_found_among_the_jobs(api: TestClient) -> None:
    job_id = post(api)
    wait_for(api, job_id, "completed")
    assert api.get(f"/jobs/{job_id}").json() == api.get(f"/status/{job_id}").json()


def test_jobs_are_listed_page_by_page_the_newest_first(api: TestClient) -> None:
    jobs = [post(api) for _ in range(5)]
    listed: list[str] = []
    after: dict[str, str] = {}
    for length in (2, 2, 1):
        body = api.get("/jobs", params={"limit": 2, **after}).json()
        assert len(body["jobs"]) == length
        listed += [job["job_id"] for job in body["jobs"]]
        post(api)  # shifts no later page
        after = {"after": body["next"]}

    assert listed == jobs[::-1]
    assert body["next"] is None


def test_jobs_are_listed_by_state_text_and_time(api: TestClient, fake_triton: FakeTriton) -> None:
    def listed(**query: Any) -> list[str]:
        answer = api.get("/jobs", params=query)
        assert answer.status_code == 200, answer.text
        return [job["job_id"] for job in answer.json()["jobs"]]

    fake_triton.faults = [Fault.ERROR_MESSAGE]
    failed = post(api, prompt="a green star, 100% bright")
    wait_for(api, failed, "failed")
    completed = post(api, prompt="a blue star")
    wait_for(api, completed, "completed")

    assert listed(state="failed") == [failed]
    assert listed(state=["failed", "completed"]) == [completed, failed]
    assert listed(state="queued") == []
    assert listed(text="STAR") == [completed, failed]
    assert listed(text="green") == [failed]
    assert listed(text="%") == [failed]
    assert listed(since="2026-01-01T00:00:00") == [completed, failed]
    assert listed(since=time.time() + 60) == []


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ({"after": "x"}, 422, "after: String should match pattern"),
        ({"text": "a\0b"}, 422, "text: String should match pattern"),
        ({"limit": "101"}, 422, "limit: Input should be less than or equal to 100, not '101'"),
        ({"state": "lost"}, 422, "state: Input should be 'queued', 'running', 'completed'"),
        ({"since": "yesterday"}, 422, "since: Input should be a valid number"),
    ],
)
def test_a_wrong_query_is_refused(
    query: dict[str, str], status: int, detail: str, api: TestClient
) -> None:
    answer = api.get("/jobs", params=query)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)
    assert answer.json()["error_type"] == "validation_error"


def test_a_page_behind_a_job_that_is_no_more_is_not_found(api: TestClient) -> None:
    answer = api.get("/jobs", params={"after": "0000"})
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("The job that `after` names does not exist any more")


def test_private_jobs_are_not_listed(start_api: StartApi) -> None:
    api = start_api(private_jobs=True)
    job_id = post(api)
    answer = api.get("/jobs")
    assert answer.status_code == 403
    assert "PRIVATE_JOBS" in answer.json()["detail"]
    assert wait_for(api, job_id, "completed")


def test_a_failed_job_is_retried_as_a_new_one(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    failed = post(api, seed=5, prompt="a retried star")
    wait_for(api, failed, "failed")

    answer = api.post(f"/jobs/{failed}/retry")

    assert answer.status_code == 202
    again = wait_for(api, answer.json()["job_id"], "completed")
    assert again["job_id"] != failed
    assert (again["seed"], again["prompt"]) == (5, "a retried star")
    assert fake_triton.seen[0].request == fake_triton.seen[1].request


def test_a_completed_job_is_not_retried(api: TestClient) -> None:
    job_id = post(api)
    wait_for(api, job_id, "completed")
    answer = api.post(f"/jobs/{job_id}/retry")
    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        "The job is completed; only a failed or cancelled one can be retried"
    )


def test_a_completed_job_has_a_receipt(api: TestClient, output_dir: Path) -> None:
    job_id = post(api, seed=4)
    status = wait_for(api, job_id, "completed")

    receipt = api.get(f"/jobs/{job_id}/receipt").json()

    video = (output_dir / status["filename"]).read_bytes()
    assert receipt == {
        "version": 1,
        "job_id": job_id,
        "spec": {
            "prompt": SMALL["prompt"],
            "seed": 4,
            "negative_prompt": "",
            "guidance_scale": 1.0,
            "width": 64,
            "height": 64,
            "num_frames": 8,
            "frame_rate": 8.0,
            "num_inference_steps": 4,
        },
        "model_name": "someone/Fake-Model",
        "checkpoint_sha256": "0" * 64,
        "export_sha256": "1" * 64,
        "device": "cpu",
        "device_name": "A CPU",
        "precision": "fp32",
        "versions": {"ltx-triton": __version__, "openvino": "1.2.3"},
        "stage_seconds": status["stage_seconds"],
        "video_sha256": hashlib.sha256(video).hexdigest(),
    }


def test_an_unfinished_job_has_no_receipt(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = post(api)
    wait_for(api, job_id, "running")
    answer = api.get(f"/jobs/{job_id}/receipt")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "The job has no receipt: it is running"
    api.delete(f"/jobs/{job_id}")


def test_answers_warn_of_what_the_model_does_not_know(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.prompt_warnings = ("Fake-Model does not know: cat",)
    accepted = api.post("/generate", json=SMALL).json()
    assert accepted["warnings"] == ["Fake-Model does not know: cat"]
    assert wait_for(api, accepted["job_id"], "completed")["warnings"] == accepted["warnings"]
    video = api.get(f"/v1/videos/{accepted['job_id']}").json()
    assert video["warnings"] == accepted["warnings"]

    fake_triton.prompt_warnings = ()
    assert "warnings" not in api.post("/generate", json=SMALL).json()


@pytest.mark.parametrize(("width", "height"), [(64, 128), (256, 128)])
def test_answers_warn_of_sizes_that_the_model_cannot_draw(
    width: int, height: int, api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.info = INFO.model_copy(update={"drawn_sides": (128, 192)})
    body = {"prompt": "a", "duration": 1, "wait": False}
    inside = api.post("/generate", json={**body, "width": 128, "height": 192})
    assert "warnings" not in inside.json()
    outside = api.post("/generate", json={**body, "width": width, "height": height})
    assert outside.json()["warnings"] == [
        f"someone/Fake-Model draws sides of 128 to 192 pixels; {width} x {height} will hardly "
        "show what the prompt says"
    ]
