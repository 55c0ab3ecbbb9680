"""Repeated requests with an Idempotency-Key."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.frontend.conftest import SMALL, StartApi, post, wait_for
from tests.frontend.fake_triton import FakeTriton, Fault

KEY = {"Idempotency-Key": "7f1c-first"}


def test_a_repeated_request_finds_its_job(api: TestClient, fake_triton: FakeTriton) -> None:
    first, second = (api.post("/generate", json=SMALL, headers=KEY).json() for _ in range(2))
    assert first["job_id"] == second["job_id"]
    assert first["seed"] == second["seed"]
    wait_for(api, first["job_id"], "completed")

    third = api.post("/generate", json=SMALL, headers=KEY).json()

    assert third["job_id"] == first["job_id"]
    assert third["status"] == "completed"
    assert len(fake_triton.seen) == 1


def test_a_repeated_request_that_waits_gets_the_video(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    waiting = {**SMALL, "wait": True}
    first, second = (api.post("/generate", json=waiting, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert len(fake_triton.seen) == 1


def test_the_spelling_of_a_request_does_not_matter(api: TestClient) -> None:
    body = {name: value for name, value in SMALL.items() if name != "duration"}
    first = api.post("/generate", json={**body, "duration": 1}, headers=KEY)
    second = api.post("/generate", data={**body, "seconds": "1"}, headers=KEY)
    assert first.json()["job_id"] == second.json()["job_id"]


@pytest.mark.parametrize("changed", [{"fps": 9}, {"prompt": "another"}, {"seed": 1}])
def test_the_key_of_another_request_is_refused(changed: dict[str, Any], api: TestClient) -> None:
    api.post("/generate", json=SMALL, headers=KEY)
    answer = api.post("/generate", json={**SMALL, **changed}, headers=KEY)
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "The Idempotency-Key '7f1c-first' belongs to a request with other parameters; "
        "send a new key"
    )


@pytest.mark.parametrize("key", ["", "a" * 256, "caf\u00e9"])
def test_a_key_that_is_none_is_refused(key: str, api: TestClient) -> None:
    headers = {b"Idempotency-Key": key.encode()}
    answer = api.post("/generate", json=SMALL, headers=headers)
    assert answer.status_code == 422
    assert "1 to 255 printable ASCII characters" in answer.json()["detail"]


def test_requests_that_two_workers_get_at_once_make_one_video(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    workers = [start_api(), start_api()]

    def send(number: int) -> str:
        answer = workers[number % 2].post("/generate", json=SMALL, headers=KEY)
        job_id: str = answer.json()["job_id"]
        return job_id

    with ThreadPoolExecutor(8) as threads:
        (job_id,) = set(threads.map(send, range(8)))

    wait_for(workers[0], job_id, "completed")
    assert len(fake_triton.seen) == 1


def test_the_key_is_kept_as_long_as_the_job(api: TestClient) -> None:
    first = api.post("/generate", json=SMALL, headers=KEY).json()["job_id"]
    wait_for(api, first, "completed")
    api.delete(f"/jobs/{first}")
    assert api.post("/generate", json=SMALL, headers=KEY).json()["job_id"] != first


def test_a_retry_is_repeated_safely(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    failed = post(api)
    wait_for(api, failed, "failed")

    answers = [api.post(f"/jobs/{failed}/retry", headers=KEY).json() for _ in range(2)]

    assert answers[0]["job_id"] == answers[1]["job_id"] != failed
    wait_for(api, answers[0]["job_id"], "completed")
    assert len(fake_triton.seen) == 2
