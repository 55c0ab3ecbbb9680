"""`GET /metrics` before a fake Triton; tests/deploy asks it with the real Prometheus."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from frontend.jobs.model import MAX_ATTEMPTS
from frontend.services import Intervals
from tests.frontend.conftest import SMALL, StartApi, post, wait_for
from tests.frontend.fake_triton import FakeTriton, Fault
from tests.frontend.metrics.page import Growth, read

FINISHED = "ltx_jobs_finished_total"


@pytest.fixture
def growth(api: TestClient) -> Growth:
    return Growth(lambda: api.get("/metrics").text)


def test_a_completed_video_is_counted_with_its_stages(api: TestClient, growth: Growth) -> None:
    status = wait_for(api, post(api, duration=2, fps=4), "completed")

    assert growth(FINISHED, state="completed") == 1
    assert growth("ltx_frames_total") == 8
    assert growth("ltx_video_seconds_total") == 2
    assert status["stage_seconds"].keys() == {"queue", "text", "denoise", "decode", "mp4"}
    for stage, seconds in status["stage_seconds"].items():
        assert growth("ltx_job_stage_seconds_count", stage=stage) == 1
        # A difference of sums, to which other tests have added.
        taken = growth("ltx_job_stage_seconds_sum", stage=stage)
        assert taken == pytest.approx(seconds, abs=1e-6)
    whole = sum(status["stage_seconds"].values())
    assert growth("ltx_job_seconds_sum") == pytest.approx(whole, abs=1e-6)
    assert growth("ltx_job_seconds_bucket", le="+Inf") == 1


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("FAILED: something broke", "generation_error"),
        ("FAILED: CUDA out of memory", "out_of_memory"),
    ],
)
def test_a_failed_job_is_counted_with_its_reason(
    message: str, kind: str, api: TestClient, growth: Growth, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    fake_triton.message = message

    wait_for(api, post(api), "failed")

    assert growth(FINISHED, state="failed", error_type=kind) == 1
    assert growth(FINISHED, state="completed") == growth("ltx_frames_total") == 0


def test_a_lost_engine_counts_once_the_job_is_given_up(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    api = start_api(intervals=Intervals(retry_delay=0.05))
    growth = Growth(lambda: api.get("/metrics").text)
    fake_triton.faults = [Fault.EARLY_END] * MAX_ATTEMPTS

    wait_for(api, post(api), "failed")

    assert growth(FINISHED, state="failed", error_type="generation_error") == 1


def test_cancelled_jobs_are_counted_whether_they_ran_or_not(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    api = start_api(max_concurrent_jobs=1)
    growth = Growth(lambda: api.get("/metrics").text)
    fake_triton.faults = [Fault.HANG]
    running, queued = post(api), post(api)
    wait_for(api, running, "running")
    jobs = read(api.get("/metrics").text)

    api.delete(f"/jobs/{queued}")
    assert growth(FINISHED, state="cancelled") == 1
    api.delete(f"/jobs/{queued}")
    api.delete(f"/jobs/{running}")

    assert growth(FINISHED, state="cancelled") == 2
    for state in ("queued", "running"):
        assert jobs["ltx_jobs", frozenset({("state", state)})] == 1
        assert read(api.get("/metrics").text)["ltx_jobs", frozenset({("state", state)})] == 0


def test_requests_are_counted_by_template_and_status(api: TestClient, growth: Growth) -> None:
    counted = "ltx_http_requests_total"
    job_id = post(api)
    api.get(f"/status/{job_id}")
    api.head(f"/status/{job_id}")
    api.get("/status/00000000")
    api.get("/no/such/page")
    api.get("/static/style.css")

    assert growth(counted, endpoint="/generate", status=202) == 1
    assert growth(counted, endpoint="/status/{job_id}", status=200) == 2
    assert growth(counted, endpoint="/status/{job_id}", status=404) == 1
    assert growth(counted, endpoint="none", status=404) == 1
    assert growth(counted, endpoint="/static", status=200) == 1


def test_a_request_that_breaks_the_server_is_counted(
    api: TestClient, growth: Growth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontend.api.routes.jobs.find_job", None)

    assert api.get("/status/00000000").status_code == 500

    assert growth("ltx_http_requests_total", endpoint="/status/{job_id}", status=500) == 1


def test_the_present_is_told(
    start_api: StartApi, fake_triton: FakeTriton, output_dir: Path
) -> None:
    api = start_api(max_queued_jobs=5, max_concurrent_jobs=2, max_storage_gb=0.5)
    (output_dir / "video_20250101_000000_00000000.mp4").write_bytes(b"x" * 1234)

    def value(name: str, **labels: str) -> float:
        return read(api.get("/metrics").text)[name, frozenset(labels.items())]

    assert value("ltx_jobs_limit", state="queued") == 5
    assert value("ltx_jobs_limit", state="running") == 2
    assert value("ltx_storage_used_bytes") == 1234
    assert value("ltx_storage_limit_bytes") == 5e8
    assert value("ltx_disk_free_bytes") > 0
    assert value("ltx_engine_ready") == 1
    fake_triton.stop()
    assert value("ltx_engine_ready") == 0


def test_neither_prompts_nor_ids_nor_addresses_are_labels(api: TestClient) -> None:
    prompt = "a most unusual prompt"
    job_id = wait_for(api, post(api, prompt=prompt), "completed")["job_id"]
    api.get(f"/download/{job_id}")

    text = api.get("/metrics").text

    labels = {name for _, given in read(text) for name, _ in given}
    assert labels == {"endpoint", "status", "state", "error_type", "stage", "le"}
    assert prompt not in text
    assert job_id not in text


def test_prometheus_needs_no_key(start_api: StartApi) -> None:
    api = start_api(api_key_required=True, api_key="s" * 16)
    growth = Growth(lambda: api.get("/metrics").text)

    assert api.post("/generate", json=SMALL).status_code == 401

    assert api.get("/metrics").headers["content-type"].startswith("text/plain")
    assert growth("ltx_http_requests_total", endpoint="none", status=401) == 1
