"""Quotes of a running service, whose engines take a known time."""

import time

import pytest
from starlette.testclient import TestClient

from frontend.jobs.estimate import poll_after_ms
from tests.frontend.conftest import (
    SMALL,
    StartApi,
    on_both_databases,
    post,
    wait_for,
    wait_until,
)
from tests.frontend.fake_triton import INFO, FakeTriton, Fault, with_memory

STEP = 0.2  # seconds
VIDEO = 6 * STEP  # text, four steps, decoding


@pytest.fixture
def slow_triton(fake_triton: FakeTriton) -> FakeTriton:
    fake_triton.step_seconds = STEP
    return fake_triton


def quote(api: TestClient, job_id: str) -> float:
    eta: float = api.get(f"/status/{job_id}").json()["eta_seconds"]
    return eta


def make_one(api: TestClient) -> None:
    wait_for(api, post(api), "completed")
    time.sleep(1.1)  # what was learnt before is believed for a second


@pytest.mark.parametrize(
    ("eta", "milliseconds"),
    [(None, 1000), (0, 250), (2.5, 250), (12.34, 1234), (50, 5000), (1e6, 5000)],
)
def test_clients_ask_again_after_a_tenth_of_the_time(eta: float | None, milliseconds: int) -> None:
    assert poll_after_ms(eta) == milliseconds


def test_without_a_measurement_nothing_is_quoted(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    answer = api.post("/generate", json=SMALL).json()
    assert answer["eta_seconds"] is None
    status = wait_for(api, answer["job_id"], "running")
    assert (status["eta_seconds"], status["queue_position"]) == (None, 0)
    api.delete(f"/jobs/{answer['job_id']}")


@on_both_databases
def test_the_quote_comes_true(start_api: StartApi, slow_triton: FakeTriton) -> None:
    api = start_api(max_concurrent_jobs=1)
    make_one(api)

    posted = time.monotonic()
    answers = [api.post("/generate", json=SMALL).json() for _ in range(3)]

    for position, answer in enumerate(answers):
        wait_for(api, answer["job_id"], "completed")
        took = time.monotonic() - posted
        assert answer["eta_seconds"] == pytest.approx(took, rel=0.3)
        assert answer["queue_position"] == pytest.approx(position, abs=1)


def test_another_worker_quotes_the_same(start_api: StartApi, slow_triton: FakeTriton) -> None:
    first, second = start_api(), start_api()
    make_one(first)
    job_id = post(first)
    wait_for(second, job_id, "running")
    quotes = quote(first, job_id), quote(second, job_id)
    assert quotes[0] == pytest.approx(quotes[1], abs=0.4)
    assert 0.4 * VIDEO < quotes[1] < 1.5 * VIDEO


def test_the_quote_counts_down_while_a_stage_lasts(
    api: TestClient, slow_triton: FakeTriton
) -> None:
    slow_triton.step_seconds = 1.0
    make_one(api)
    job_id = post(api)
    wait_until(lambda: api.get(f"/status/{job_id}").json().get("stage") == "denoise")
    before = quote(api, job_id)
    time.sleep(0.5)
    after = quote(api, job_id)
    assert before - after == pytest.approx(0.5, abs=0.35)


def test_the_percentage_is_a_share_of_the_time(api: TestClient, slow_triton: FakeTriton) -> None:
    slow_triton.step_seconds = 0.6
    make_one(api)
    job_id = post(api)
    wait_until(lambda: api.get(f"/status/{job_id}").json().get("stage") == "decode")
    percent = api.get(f"/status/{job_id}").json()["percent"]
    assert percent == pytest.approx(100 * 5 / 6, abs=6)  # 100 * 5 / 7 by units


def test_a_larger_video_is_quoted_before_one_was_made(
    api: TestClient, slow_triton: FakeTriton
) -> None:
    make_one(api)
    small = api.post("/generate", json=SMALL).json()
    wait_for(api, small["job_id"], "completed")
    large = api.post("/generate", json={**SMALL, "resolution": 128}).json()
    assert large["eta_seconds"] == pytest.approx(4 * small["eta_seconds"], rel=0.2)


def test_a_deleted_video_is_remembered(start_api: StartApi, slow_triton: FakeTriton) -> None:
    api = start_api()
    job_id = post(api)
    wait_for(api, job_id, "completed")
    time.sleep(1.1)
    api.delete(f"/jobs/{post(api)}")  # cancelled, so the first remains the only one made
    api.delete(f"/jobs/{job_id}")
    time.sleep(1.1)
    assert api.post("/generate", json=SMALL).json()["eta_seconds"] == pytest.approx(VIDEO, rel=0.3)


def test_another_model_is_not_quoted_by_what_this_one_took(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    make_one(api)
    fake_triton.info = INFO.model_copy(update={"model_name": "someone/Other"})
    time.sleep(5.1)  # what Triton serves is believed for five seconds
    assert api.post("/generate", json=SMALL).json()["eta_seconds"] is None


def test_jobs_that_memory_keeps_apart_are_not_quoted_side_by_side(
    start_api: StartApi, slow_triton: FakeTriton
) -> None:
    slow_triton.info = with_memory(bytes_for_a_token=10**7)
    api = start_api(memory_budget_gb=0.45)  # for one job: 8 tokens, and 0.33 GB of the service
    make_one(api)
    first, second = (api.post("/generate", json=SMALL).json() for _ in range(2))
    assert first["eta_seconds"] == pytest.approx(VIDEO, rel=0.3)
    assert quote(api, first["job_id"]) == pytest.approx(VIDEO, rel=0.4)
    assert second["eta_seconds"] == pytest.approx(2 * VIDEO, rel=0.3)


def test_a_full_queue_says_when_it_has_room(start_api: StartApi, slow_triton: FakeTriton) -> None:
    api = start_api(max_concurrent_jobs=1, max_queued_jobs=1)
    slow_triton.step_seconds = 0.6
    make_one(api)
    post(api)
    post(api)
    refused = api.post("/generate", json=SMALL)
    assert refused.json()["error_type"] == "queue_full"
    assert int(refused.headers["Retry-After"]) == pytest.approx(4, abs=1)
    assert f"Try again in {refused.headers['Retry-After']} s" in refused.json()["detail"]
