"""Webhooks from the request to the receiver, by workers that start, stop and die."""

import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from frontend.app import create_app
from frontend.database.database import Database
from frontend.services import Intervals
from frontend.webhooks.outbox import Outbox, webhook_to
from tests.frontend.conftest import (
    MakeSettings,
    StartApi,
    finished_job,
    on_both_databases,
    post,
    wait_for,
    wait_until,
)
from tests.frontend.fake_triton import FakeTriton, Fault
from tests.frontend.webhooks.receiver import HANG, SETTINGS, Received, Receiver


@pytest.fixture
def intervals() -> Intervals:
    return Intervals(webhooks=0.02, webhook_timeout=0.5, webhook_delays=(0.05, 0.05, 0.05))


def worker(make_settings: MakeSettings, intervals: Intervals) -> TestClient:
    return TestClient(create_app(make_settings(**SETTINGS), intervals), "http://localhost")


def status(api: TestClient, job_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = api.get(f"/jobs/{job_id}").json()
    return answer


def wait_for_webhook(api: TestClient, job_id: str, state: str) -> None:
    wait_until(lambda: status(api, job_id)["webhook"] == state, seconds=20)


def ids(received: list[Received]) -> list[str]:
    return [each.headers["webhook-id"] for each in received]


@on_both_databases
def test_an_event_is_sent_again_until_it_has_arrived(start_api: StartApi) -> None:
    with Receiver(500, HANG) as receiver:
        api = start_api(**SETTINGS)
        job_id = post(api, callback_url=receiver.url())

        first, second, third = receiver.wait(3)

        wait_for_webhook(api, job_id, "delivered")
    assert ids([first, second, third]) == [f"msg_{job_id}"] * 3
    assert first.verified() == second.verified() == third.verified()
    event = third.verified()
    assert event["type"] == "video.completed"
    assert event["data"] == status(api, job_id) | {"webhook": "pending"}
    assert event["timestamp"].startswith(event["data"]["completed_at"])
    assert event["timestamp"].endswith("+00:00")
    assert event["data"]["callback_url"] == receiver.url()
    assert len(receiver.received) == 3


def test_failed_and_cancelled_jobs_are_told_of(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.WRONG_SIZE, Fault.HANG]
    with Receiver() as receiver:
        api = start_api(**SETTINGS)
        failed = post(api, callback_url=receiver.url())
        wait_for(api, failed, "failed")
        cancelled = post(api, callback_url=receiver.url())
        wait_for(api, cancelled, "running")
        api.delete(f"/jobs/{cancelled}")

        events = [received.verified() for received in receiver.wait(2)]

    assert [(event["type"], event["data"]["job_id"]) for event in events] == [
        ("video.failed", failed),
        ("video.cancelled", cancelled),
    ]
    assert events[0]["data"]["error_type"] == "generation_error"


def test_a_job_that_is_retried_is_told_of_again(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.WRONG_SIZE]
    with Receiver() as receiver:
        api = start_api(**SETTINGS)
        failed = post(api, callback_url=receiver.url())
        wait_for(api, failed, "failed")

        again = api.post(f"/jobs/{failed}/retry").json()["job_id"]

        assert sorted(ids(receiver.wait(2))) == sorted([f"msg_{failed}", f"msg_{again}"])


@on_both_databases
def test_what_one_worker_has_begun_another_ends(
    make_settings: MakeSettings, intervals: Intervals
) -> None:
    with Receiver(500) as receiver:
        slow = Intervals(webhooks=0.02, webhook_delays=(1,))
        with worker(make_settings, slow) as api:
            job_id = post(api, callback_url=receiver.url())
            receiver.wait(1)
            assert status(api, job_id)["webhook"] == "pending"
        assert len(receiver.received) == 1

        with worker(make_settings, intervals) as api:
            wait_for_webhook(api, job_id, "delivered")

        assert ids(receiver.received) == [f"msg_{job_id}"] * 2


@on_both_databases
def test_what_a_dead_worker_was_sending_is_sent_by_another(
    database: Database, start_api: StartApi
) -> None:
    with Receiver() as receiver:
        job = finished_job(database, days_ago=0, webhook=webhook_to(receiver.url()))
        assert Outbox(database, lease_seconds=0.2, longest_delay=60).claim()

        api = start_api(**SETTINGS)

        wait_for_webhook(api, job.id, "delivered")
        assert ids(receiver.received) == [f"msg_{job.id}"]


@on_both_databases
def test_two_workers_send_each_event_once(start_api: StartApi) -> None:
    with Receiver() as receiver:
        workers = [start_api(**SETTINGS) for _ in range(2)]
        jobs = [post(workers[number % 2], callback_url=receiver.url()) for number in range(8)]

        for job_id in jobs:
            wait_for_webhook(workers[0], job_id, "delivered")

    assert sorted(ids(receiver.received)) == sorted(f"msg_{job_id}" for job_id in jobs)


@pytest.mark.parametrize(("answers", "tries"), [([500, 404, 302, 503], 4), ([500, 410], 2)])
def test_it_is_given_up_after_the_last_delay_or_when_its_receiver_is_gone(
    answers: list[int], tries: int, start_api: StartApi, caplog: pytest.LogCaptureFixture
) -> None:
    with Receiver(*answers) as receiver:
        api = start_api(**SETTINGS)
        with caplog.at_level(logging.WARNING):
            job_id = post(api, callback_url=receiver.url())
            wait_for_webhook(api, job_id, "failed")

    assert len(receiver.received) == tries
    assert caplog.messages == [
        f"The webhook of job {job_id} is given up after {tries} tries: the answer was {answers[-1]}"
    ]


def test_a_slow_receiver_delays_neither_others_nor_videos(
    database: Database, start_api: StartApi
) -> None:
    with Receiver(*[HANG] * 100) as slow, Receiver() as quick:
        for _ in range(20):
            finished_job(database, days_ago=0, webhook=webhook_to(slow.url()))
        api = start_api(intervals=Intervals(webhooks=0.02, webhook_timeout=30), **SETTINGS)
        slow.wait(4)

        job_id = post(api, callback_url=quick.url("localhost"))
        wait_for_webhook(api, job_id, "delivered")

        assert len(slow.received) == 4


def test_the_address_is_checked_when_it_is_sent_to(
    start_api: StartApi, caplog: pytest.LogCaptureFixture
) -> None:
    with Receiver() as receiver:
        api = start_api(**{**SETTINGS, "webhook_private_addresses": False})
        with caplog.at_level(logging.WARNING):
            job_id = post(api, callback_url=receiver.url("localhost"))
            wait_for_webhook(api, job_id, "failed")

    assert receiver.received == []
    assert "which is no public address" in caplog.text


def test_an_error_while_claiming_does_not_end_the_sending(
    start_api: StartApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = Outbox.claim
    broken: list[Exception] = [RuntimeError("broken"), ValueError("broken, too")]

    def claim_later(*arguments: Any) -> object:
        if broken:
            raise broken.pop()
        return claim(*arguments)

    monkeypatch.setattr(Outbox, "claim", claim_later)
    with Receiver() as receiver:
        api = start_api(**SETTINGS)
        wait_for_webhook(api, post(api, callback_url=receiver.url()), "delivered")


def test_a_job_without_a_callback_says_nothing_of_it(start_api: StartApi) -> None:
    api = start_api(**SETTINGS)
    job_id = post(api)

    answer = wait_for(api, job_id, "completed")

    assert not {"callback_url", "webhook"} & answer.keys()


def test_a_job_that_is_removed_takes_its_webhook_along(
    database: Database, start_api: StartApi
) -> None:
    job = finished_job(database, days_ago=0, webhook=webhook_to("https://example.org/"))
    api = start_api()  # without a secret nothing is sent
    assert status(api, job.id)["webhook"] == "pending"

    assert api.delete(f"/jobs/{job.id}").json()["deleted"] is True

    assert api.get(f"/jobs/{job.id}").status_code == 404
