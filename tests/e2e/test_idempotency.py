"""A request that is sent again makes no second video."""

from typing import Any

import pytest
import requests

from tests.e2e.conftest import StartFrontend
from tests.e2e.jobs import finish

BODY = {"prompt": "a red ball", "resolution": 128, "duration": 1}
KEY = {"Idempotency-Key": "e2e-1"}


def send(url: str, timeout: float, **values: Any) -> dict[str, Any]:
    answer = requests.post(f"{url}/generate", json={**BODY, **values}, headers=KEY, timeout=timeout)
    body: dict[str, Any] = answer.json()
    return body


def videos(url: str) -> list[str]:
    return [video["id"] for video in requests.get(f"{url}/v1/videos", timeout=60).json()["data"]]


def test_a_client_that_times_out_and_sends_again_gets_the_first_video(
    start_frontend: StartFrontend,
) -> None:
    frontend = start_frontend(API_WORKERS="2")
    for _ in range(8):  # new connections, which either worker may take
        with pytest.raises(requests.Timeout):
            send(frontend.url, timeout=0.02, duration=3, resolution=512)
    [job_id] = videos(frontend.url)

    assert send(frontend.url, timeout=60, duration=3, resolution=512)["job_id"] == job_id
    assert videos(frontend.url) == [job_id]
    finish(frontend.url, job_id)

    frontend.stop()
    restarted = start_frontend(API_WORKERS="2").url
    assert send(restarted, timeout=60, duration=3, resolution=512)["job_id"] == job_id
    assert videos(restarted) == [job_id]
    refused = send(restarted, timeout=60, duration=2, resolution=512)
    assert "belongs to a request with other parameters" in refused["detail"]
