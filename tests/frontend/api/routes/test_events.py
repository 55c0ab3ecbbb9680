"""`GET /jobs/{job_id}/events`, over real HTTP."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.frontend.api_process import Api, running
from tests.frontend.conftest import wait_until
from tests.frontend.fake_triton import FakeTriton, Fault

Event = tuple[str, dict[str, Any]]


@pytest.fixture
def service(fake_triton: FakeTriton, tmp_path: Path) -> Iterator[Api]:
    with running(fake_triton, tmp_path, MAX_CONCURRENT_JOBS="1") as api:
        yield api


def parse(lines: Iterator[str]) -> Iterator[Event]:
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def follow(api: Api, job_id: str, **headers: str) -> list[Event]:
    with api.http.stream("GET", f"/jobs/{job_id}/events", headers=headers) as stream:
        assert stream.status_code == 200
        return list(parse(stream.iter_lines()))


def test_a_job_is_followed_from_the_queue_to_its_video(
    service: Api, fake_triton: FakeTriton
) -> None:
    fake_triton.step_seconds = 0.4
    service.post()
    job_id = service.post()

    *progress, last = follow(service, job_id)

    assert {name for name, _ in progress} == {"progress"}
    bodies = [body for _, body in progress]
    assert (bodies[0]["status"], bodies[0]["queue_position"]) == ("queued", 1)
    assert [body["status"] for body in bodies[1:]] == ["running"] * (len(bodies) - 1)
    assert "denoise" in {body["stage"] for body in bodies}  # the others are short
    percents = [body["percent"] for body in bodies]
    assert percents == sorted(percents)
    assert all(before != after for before, after in pairwise(bodies))
    assert bodies[-1].keys() == {
        *("status", "stage", "step", "total_steps", "percent", "queue_position", "eta_seconds")
    }
    assert last == ("completed", service.http.get(f"/jobs/{job_id}").json())


def test_the_stream_of_a_finished_job_is_its_end(service: Api) -> None:
    job_id = service.post()
    wait_until(lambda: service.status(job_id) == "completed")
    [(name, body)] = follow(service, job_id, **{"Last-Event-ID": "7"})
    assert (name, body["percent"]) == ("completed", 100)


def test_no_proxy_keeps_events_back(service: Api) -> None:
    job_id = service.post()
    headers = service.http.get(f"/jobs/{job_id}/events").headers
    assert headers["Content-Type"].startswith("text/event-stream")
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Accel-Buffering"] == "no"


def test_an_unknown_job_has_no_events(service: Api) -> None:
    answer = service.http.get("/jobs/0123abcd/events")
    assert (answer.status_code, answer.json()["error_type"]) == (404, "not_found")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_all_listeners_hear_of_the_end(
    workers: str, fake_triton: FakeTriton, tmp_path: Path
) -> None:
    fake_triton.step_seconds = 0.3
    with running(fake_triton, tmp_path, API_WORKERS=workers) as service:
        job_id = service.post()
        ends: list[Event] = []

        def listen() -> None:
            with httpx.stream("GET", f"{service.http.base_url}/jobs/{job_id}/events") as stream:
                ends.append(list(parse(stream.iter_lines()))[-1])

        threads = [threading.Thread(target=listen) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [name for name, _ in ends] == ["completed"] * 8


@pytest.mark.parametrize(
    ("fault", "message", "end"),
    [(Fault.ERROR_MESSAGE, "FAILED: something broke", "failed"), (Fault.HANG, "", "cancelled")],
)
def test_the_end_has_the_name_of_the_state(
    fault: Fault, message: str, end: str, service: Api, fake_triton: FakeTriton
) -> None:
    fake_triton.faults, fake_triton.message = [fault], message
    job_id = service.post()
    timer = threading.Timer(0.5, lambda: httpx.delete(f"{service.http.base_url}/jobs/{job_id}"))
    if end == "cancelled":
        timer.start()
    name, body = follow(service, job_id)[-1]
    assert name == body["status"] == end


def test_a_deleted_job_ends_the_stream(service: Api, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = service.post()
    with service.http.stream("GET", f"/jobs/{job_id}/events") as stream:
        events = parse(stream.iter_lines())
        assert next(events)[0] == "progress"
        with httpx.Client(base_url=service.http.base_url) as other:
            other.delete(f"/v1/videos/{job_id}")
        name, _ = list(events)[-1]
    assert name in ("cancelled", "deleted")  # it is cancelled first


def test_a_server_that_stops_ends_its_streams(service: Api, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = service.post()
    with service.http.stream("GET", f"/jobs/{job_id}/events") as stream:
        events = parse(stream.iter_lines())
        assert next(events)[0] == "progress"
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert {name for name, _ in events} <= {"progress"}
        assert time.monotonic() - began < 5
    service.process.wait(10)


def test_a_client_that_goes_leaves_nothing_behind(service: Api, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = service.post()
    for _ in range(20):
        with service.http.stream("GET", f"/jobs/{job_id}/events") as stream:
            next(parse(stream.iter_lines()))
    with httpx.Client(base_url=service.http.base_url) as other:
        other.delete(f"/jobs/{job_id}")
    assert "Traceback" not in service.log.read_text()


@pytest.mark.slow
def test_a_silent_stream_is_kept_alive(service: Api, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = service.post()
    began = time.monotonic()
    with service.http.stream("GET", f"/jobs/{job_id}/events") as stream:
        assert any(line.startswith(":") for line in stream.iter_lines())
    assert 14 < time.monotonic() - began < 20


def test_a_head_request_does_not_wait_for_the_end(service: Api, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = service.post()
    answer = service.http.head(f"/jobs/{job_id}/events")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"
    service.http.delete(f"/jobs/{job_id}")
