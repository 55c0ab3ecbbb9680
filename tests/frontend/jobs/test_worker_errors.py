"""Errors of the runner itself and of what it writes to."""

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from frontend.database.database import Database
from frontend.jobs.attempt import Attempt, StopReason
from frontend.jobs.queue import JobQueue
from tests.frontend.conftest import StartApi, post, wait_for, wait_until
from tests.frontend.fake_triton import FakeTriton, Fault


def fails_once(monkeypatch: pytest.MonkeyPatch, method: str) -> threading.Event:
    """Break the first call of a method of the queue; the event is set when it has failed."""
    real = getattr(JobQueue, method)
    failed = threading.Event()

    def call(queue: JobQueue) -> Any:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("broken")
        return real(queue)

    monkeypatch.setattr(JobQueue, method, call)
    return failed


def test_an_unexpected_error_does_not_end_the_claiming_of_jobs(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = fails_once(monkeypatch, "has_work")

    wait_for(api, post(api), "completed")
    assert failed.is_set()


def test_an_unexpected_error_in_a_loop_does_not_end_it(
    start_api: StartApi, fake_triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = fails_once(monkeypatch, "owned")
    fake_triton.faults = [Fault.HANG]
    running, other = start_api(), start_api()
    job_id = post(running)
    wait_until(lambda: bool(fake_triton.seen))
    wait_until(failed.is_set)

    other.delete(f"/jobs/{job_id}")

    wait_for(other, job_id, "cancelled")


def test_a_worker_closes_although_a_job_cannot_be_handed_back(
    start_api: StartApi, fake_triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    closed: list[Database] = []
    monkeypatch.setattr(Database, "close", lambda database: closed.append(database))
    monkeypatch.setattr(JobQueue, "release", broken)
    fake_triton.faults = [Fault.HANG]
    api = start_api()
    post(api)
    wait_until(lambda: bool(fake_triton.seen))

    api.__exit__(None, None, None)

    assert len(closed) == 1
    wait_until(lambda: fake_triton.seen[0].cancelled)


@pytest.mark.parametrize(
    ("message", "write", "written"),
    [
        ("FAILED: broken", "fail", "failed error=broken"),
        ("ENGINE_LOST: gone", "retry", "cancelled attempt=1 error=gone"),
        ("ENGINE_LOST: Server not ready", "release", "cancelled reason=Server not ready"),
    ],
)
def test_an_end_that_is_being_written_down_is_not_interrupted(
    message: str,
    write: str,
    written: str,
    api: TestClient,
    fake_triton: FakeTriton,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("INFO")
    real = getattr(JobQueue, write)
    stop = Attempt.stop
    writing, told = threading.Event(), threading.Event()

    def stop_and_tell(attempt: Attempt, reason: StopReason) -> None:
        stop(attempt, reason)
        told.set()

    def once_told(*arguments: object) -> Any:
        writing.set()
        assert told.wait(30)
        return real(*arguments)

    monkeypatch.setattr(Attempt, "stop", stop_and_tell)
    monkeypatch.setattr(JobQueue, write, once_told)
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    fake_triton.message = message
    job_id = post(api)
    assert writing.wait(30)

    api.delete(f"/jobs/{job_id}")

    wait_until(lambda: f"job {job_id} {written}" in caplog.messages)
