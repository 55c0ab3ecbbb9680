from typing import Any

import pytest
import requests

from tests.e2e.conftest import StartFrontend
from tests.e2e.jobs import post, status, wait_until

KEY = "0123456789abcdef"


@pytest.mark.parametrize(
    ("parameters", "code", "detail"),
    [
        ({"prompt": ""}, 400, "Prompt cannot be empty"),
        ({"prompt": "  \n"}, 400, "Prompt cannot be empty"),
        ({"prompt": "a", "duration": 11}, 400, "Duration cannot exceed 10 seconds"),
        ({"prompt": "a", "duration": 0}, 400, "Duration must be a positive number"),
        ({"prompt": "a", "duration": -3}, 400, "Duration must be a positive number"),
    ],
)
def test_documented_errors_have_their_documented_texts(
    frontend: str, parameters: dict[str, Any], code: int, detail: str
) -> None:
    response = requests.post(f"{frontend}/generate", data=parameters, timeout=10)

    assert response.status_code == code
    assert response.json() == {"detail": detail, "error_type": "validation_error"}


@pytest.mark.parametrize(
    ("parameters", "code", "words"),
    [
        ({"prompt": "a", "resolution": 100}, 400, ["100", "32", "64", "512"]),
        ({"prompt": "a", "resolution": 544}, 400, ["544", "512"]),
        ({"prompt": "a", "resolution": 32}, 400, ["32", "64"]),
        ({"prompt": "a", "fps": 61}, 400, ["61", "60"]),
        ({"prompt": "a", "fps": 0}, 400, ["0", "1", "60"]),
        ({"prompt": "a", "duration": 10, "fps": 30}, 400, ["300", "257"]),
        ({"prompt": "a", "duration": "abc"}, 422, ["duration", "abc"]),
        ({"prompt": "a", "duration": "2.5"}, 422, ["duration", "2.5"]),
        ({"prompt": "a", "seed": "-2"}, 400, ["Seed", "-2", "-1"]),
        ({"prompt": "a", "duraton": 3}, 422, ["duraton", "duration"]),
        ({}, 422, ["prompt"]),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(
    frontend: str, parameters: dict[str, Any], code: int, words: list[str]
) -> None:
    response = requests.post(f"{frontend}/generate", data=parameters, timeout=10)

    assert response.status_code == code, response.text
    body = response.json()
    assert set(body) == {"detail", "error_type"}
    assert body["error_type"] == "validation_error"
    for word in words:
        assert word in body["detail"]


@pytest.mark.parametrize("path", ["/status/0badc0de", "/download/0badc0de", "/preview/0badc0de"])
def test_an_unknown_job_is_a_404_with_its_id(frontend: str, path: str) -> None:
    response = requests.get(frontend + path, timeout=10)

    assert response.status_code == 404
    assert response.json()["error_type"] == "not_found"
    assert response.json()["job_id"] == "0badc0de"


def test_limits_that_the_operator_has_set_are_named(start_frontend: StartFrontend) -> None:
    url = start_frontend(
        MAX_VIDEO_DURATION="2", DEFAULT_VIDEO_DURATION="1", MAX_RESOLUTION="100", MAX_FRAMES="10"
    ).url

    def detail(**parameters: Any) -> str:
        response = requests.post(f"{url}/generate", data={"prompt": "a", **parameters}, timeout=30)
        assert response.status_code == 400
        return str(response.json()["detail"])

    assert detail(duration=3) == "Duration cannot exceed 2 seconds"
    assert "96" in detail(resolution=128)
    assert "10" in detail(fps=11)


def test_past_the_rate_limit_requests_are_told_when_to_come_back(
    start_frontend: StartFrontend,
) -> None:
    url = start_frontend(ENABLE_RATE_LIMIT="true", RATE_LIMIT_PER_MINUTE="2", API_WORKERS="2").url

    answers = [requests.post(f"{url}/generate", data={"prompt": ""}, timeout=10) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [400, 400, 429, 429]
    assert answers[-1].json()["error_type"] == "rate_limited"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert requests.get(f"{url}/health", timeout=10).status_code == 200


def test_a_required_api_key_guards_everything_but_health(start_frontend: StartFrontend) -> None:
    url = start_frontend(API_KEY_REQUIRED="true", API_KEY=KEY).url

    refused = requests.get(f"{url}/model-status", headers={"X-API-Key": "guess"}, timeout=10)
    assert refused.status_code == 401
    assert refused.json()["error_type"] == "unauthorized"
    assert requests.get(f"{url}/health", timeout=10).status_code == 200
    for access in (
        {"headers": {"X-API-Key": KEY}},
        {"headers": {"Authorization": f"Bearer {KEY}"}},
        {"auth": ("anyone", KEY)},
    ):
        answer = requests.get(f"{url}/model-status", timeout=10, **access)
        assert answer.status_code == 200


def test_when_the_storage_is_used_up_requests_are_refused_and_videos_kept(
    start_frontend: StartFrontend,
) -> None:
    url = start_frontend(MAX_STORAGE_GB="0.000005").url
    first = post(url)
    wait_until(url, first["job_id"], lambda answer: answer["status"] == "completed")

    response = requests.post(f"{url}/generate", data={"prompt": "a"}, timeout=10)

    assert response.status_code == 507
    assert response.json()["error_type"] == "storage_full"
    assert requests.get(url + first["download_url"], timeout=10).status_code == 200
    assert status(url, first["job_id"])["status"] == "completed"


def test_past_the_queue_requests_are_refused(start_frontend: StartFrontend) -> None:
    url = start_frontend(MAX_QUEUED_JOBS="1", MAX_CONCURRENT_JOBS="1").url
    jobs = [post(url, resolution=512, duration=3)]
    wait_until(url, jobs[0]["job_id"], lambda answer: answer["status"] == "running")
    jobs.append(post(url))

    response = requests.post(f"{url}/generate", data={"prompt": "a"}, timeout=10)

    assert response.status_code == 503
    assert response.json()["error_type"] == "queue_full"
    assert int(response.headers["Retry-After"]) > 0
    assert status(url, jobs[1]["job_id"])["queue_position"] == 1
    for job in jobs:
        requests.delete(f"{url}/jobs/{job['job_id']}", timeout=10)
