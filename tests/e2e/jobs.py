"""Following jobs through the HTTP API."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import requests

TIMEOUT = 60  # seconds


def post(url: str, **parameters: Any) -> dict[str, Any]:
    """Accept a job without waiting for it; a small one unless told otherwise."""
    small = {"prompt": "a red ball", "duration": 1, "resolution": 64, "wait": False}
    response = requests.post(f"{url}/generate", json=small | parameters, timeout=TIMEOUT)
    assert response.status_code == 202, response.text
    body: dict[str, Any] = response.json()
    return body


def status(url: str, job_id: str) -> dict[str, Any]:
    response = requests.get(f"{url}/status/{job_id}", timeout=TIMEOUT)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def follow(url: str, job_id: str, interval: float = 0.02) -> Iterator[dict[str, Any]]:
    """Every answer of /status until the job is over."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        answer = status(url, job_id)
        yield answer
        if answer["status"] not in ("queued", "running"):
            return
        time.sleep(interval)
    raise AssertionError(f"job {job_id} is still {answer['status']}")


def wait_until(url: str, job_id: str, condition: Callable[[dict[str, Any]], bool]) -> None:
    assert any(condition(answer) for answer in follow(url, job_id)), "never came to be"


def finish(url: str, job_id: str) -> dict[str, Any]:
    """The last status of a job."""
    *_, last = follow(url, job_id)
    return last
