import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from ltx_triton.pipeline.config import SizeLimit
from tests.frontend.conftest import SMALL, StartApi, post, wait_for, wait_until
from tests.frontend.fake_triton import FakeTriton, Fault, with_memory

WAITING = {**SMALL, "wait": True}


def test_a_request_is_answered_with_the_finished_video(
    api: TestClient, output_dir: Path, fake_triton: FakeTriton
) -> None:
    response = api.post("/generate", data={**WAITING, "seed": 7})
    assert response.status_code == 200
    body = response.json()
    video = output_dir / body["filename"]
    assert body == {
        "status": "success",
        "message": "Video generated and saved successfully with Fake-Model!",
        "job_id": body["job_id"],
        "filename": f"video_{body['filename'][6:21]}_{body['job_id']}.mp4",
        "prompt": "A cat walking in a garden",
        "duration": 1,
        "frames_generated": 8,
        "resolution": "64x64",
        "width": 64,
        "height": 64,
        "num_frames": 8,
        "model_used": "someone/Fake-Model",
        "file_size_mb": float(f"{video.stat().st_size / 1e6:.3g}"),
        "fps": 8.0,
        "generation_time_seconds": body["generation_time_seconds"],
        "device_used": "cpu",
        "download_url": f"/download/{body['job_id']}",
        "preview_url": f"/preview/{body['job_id']}",
        "seed": 7,
    }
    assert body["generation_time_seconds"] > 0
    assert body["file_size_mb"] > 0
    request = fake_triton.seen[0].request
    assert (request.prompt, request.num_frames, request.width) == (WAITING["prompt"], 8, 64)
    assert [path.name for path in output_dir.glob("*video*")] == [body["filename"]]


def test_the_documented_defaults_hold(api: TestClient, fake_triton: FakeTriton) -> None:
    body = api.post("/generate", data={"prompt": "A cat"}).json()
    assert (body["duration"], body["resolution"], body["fps"]) == (3, "512x512", 8.0)
    assert body["frames_generated"] == 24
    assert 0 <= body["seed"] < 2**53
    assert fake_triton.seen[0].request.seed == body["seed"]


def test_wait_false_answers_at_once_with_links(api: TestClient) -> None:
    response = api.post("/generate", data={**SMALL, "seed": 3, "fps": 12})
    assert response.status_code == 202
    body = response.json()
    job_id = body["job_id"]
    assert body.pop("message")
    assert body.pop("queue_position") in (0, 1)
    assert body == {
        "status": "queued",
        "eta_seconds": None,
        "job_id": job_id,
        "status_url": f"/status/{job_id}",
        "download_url": f"/download/{job_id}",
        "preview_url": f"/preview/{job_id}",
        "prompt": SMALL["prompt"],
        "duration": 1,
        "fps": 12.0,
        "resolution": "64x64",
        "width": 64,
        "height": 64,
        "num_frames": 12,
        "seed": 3,
    }
    assert wait_for(api, job_id, "completed")["frames_generated"] == 12


@pytest.mark.parametrize("way", ["query", "urlencoded", "multipart", "json", "query and body"])
def test_parameters_may_come_in_any_way(way: str, api: TestClient) -> None:
    texts = {name: str(value).lower() for name, value in {**SMALL, "seed": 5}.items()}
    if way == "query":
        response = api.post("/generate", params=texts)
    elif way == "urlencoded":
        response = api.post("/generate", data=texts)
    elif way == "multipart":
        response = api.post(
            "/generate", files={name: (None, value) for name, value in texts.items()}
        )
    elif way == "json":
        response = api.post("/generate", json={**SMALL, "seed": 5})
    else:
        del texts["prompt"]
        response = api.post("/generate", params=texts, json={"prompt": SMALL["prompt"], "seed": 5})
    assert response.status_code == 202, response.text
    assert response.json()["seed"] == 5
    assert response.json()["resolution"] == "64x64"


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({"prompt": ""}, "Prompt cannot be empty"),
        ({"prompt": " \n\t"}, "Prompt cannot be empty"),
        ({"prompt": "x" * 10_001}, "Prompt cannot exceed 10000 characters; it has 10001"),
        ({"duration": 11}, "Duration cannot exceed 10 seconds"),
        ({"duration": 0}, "Duration must be a positive number"),
        ({"duration": -3}, "Duration must be a positive number"),
        ({"resolution": 100}, "Resolution must be a multiple of 32 from 64 to 512, not 100"),
        ({"resolution": 32}, "Resolution must be a multiple of 32 from 64 to 512, not 32"),
        ({"resolution": 544}, "Resolution must be a multiple of 32 from 64 to 512, not 544"),
        ({"fps": 0}, "fps must be from 1 to 60, not 0"),
        ({"fps": 61}, "fps must be from 1 to 60, not 61"),
        (
            {"duration": 10, "fps": 30},
            "duration x fps cannot exceed 257 frames; 10 s x 30 fps are 300",
        ),
        ({"seed": -2}, "Seed must be from -1 to 9223372036854775807, not -2"),
        ({"seed": 2**63}, "Seed must be from -1 to 9223372036854775807, not 9223372036854775808"),
    ],
)
def test_a_value_out_of_range_is_refused_with_400(
    given: dict[str, Any], detail: str, api: TestClient
) -> None:
    response = api.post("/generate", json={**SMALL, **given})
    assert response.status_code == 400
    assert response.json() == {"detail": detail, "error_type": "validation_error"}


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({"duration": "three"}, "duration must be an integer, not 'three'"),
        ({"duration": 2.5}, "duration must be an integer, not 2.5"),
        ({"duration": True}, "duration must be an integer, not True"),
        ({"fps": [8]}, "fps must be an integer, not [8]"),
        ({"prompt": 5}, "prompt must be a string, not 5"),
        ({"prompt": "a\0b"}, "prompt must be text without NUL characters, not 'a\\x00b'"),
        ({"wait": "maybe"}, "wait must be true or false, not 'maybe'"),
        ({"guidance_scale": "much"}, "guidance_scale must be a number, not 'much'"),
        ({"guidance_scale": "inf"}, "guidance_scale must be a number, not 'inf'"),
        ({"guidance_scale": True}, "guidance_scale must be a number, not True"),
        (
            {"steps": 4},
            "Unknown parameter 'steps'; allowed are prompt, seed, negative_prompt, guidance_scale, "
            "callback_url, duration, num_frames, fps, resolution, width, height, size, "
            "num_inference_steps, wait, seconds",
        ),
    ],
)
def test_a_parameter_that_is_not_understood_is_refused_with_422(
    given: dict[str, Any], detail: str, api: TestClient
) -> None:
    response = api.post("/generate", json={**SMALL, **given})
    assert response.status_code == 422
    assert response.json() == {"detail": detail, "error_type": "validation_error"}


@pytest.mark.parametrize(
    ("content", "content_type", "part"),
    [
        (b'{"prompt": ', "application/json", "not valid JSON"),
        (b'{"prompt": "x", "fps": NaN}', "application/json", "NaN is not allowed"),
        (b'{"prompt": "\\ud800"}', "application/json", "valid Unicode"),
        (b"\xff\xfe\xfa", "application/json", "not UTF-8"),
        (b"[" * 100_000, "application/json", "not valid JSON"),
        (b'["prompt"]', "application/json", "must be a JSON object"),
        (b'{"prompt": "a", "prompt": "b"}', "application/json", "given twice"),
        (b"prompt=a", "text/plain", "'text/plain' is not supported"),
        (b"prompt=a&fps=" + b"9" * 5000, "application/x-www-form-urlencoded", "an integer"),
        (b"nonsense", "multipart/form-data; boundary=x", "multipart"),
        (b"nonsense", "multipart/form-data", "boundary"),
    ],
)
def test_a_broken_body_is_refused_with_422(
    content: bytes, content_type: str, part: str, api: TestClient
) -> None:
    response = api.post("/generate", content=content, headers={"Content-Type": content_type})
    assert response.status_code == 422
    assert part.lower() in response.json()["detail"].lower()
    assert response.json()["error_type"] == "validation_error"
    assert len(response.json()["detail"]) < 500


def test_a_body_that_is_far_too_large_is_refused(api: TestClient) -> None:
    response = api.post("/generate", json={**SMALL, "prompt": "x" * 1_000_000})
    assert response.status_code == 413
    assert response.json()["error_type"] == "validation_error"


def test_an_uploaded_file_is_no_prompt(api: TestClient) -> None:
    response = api.post("/generate", files={"prompt": ("prompt.txt", b"A cat")})
    assert response.status_code == 422
    assert response.json()["detail"] == "prompt is a file; this model reads text alone"


def test_a_missing_prompt_is_refused_with_422(api: TestClient) -> None:
    response = api.post("/generate", params={"duration": 1})
    assert response.status_code == 422
    assert "prompt is missing" in response.json()["detail"]


def test_query_and_body_must_not_contradict_each_other(api: TestClient) -> None:
    same = api.post("/generate", params={"duration": "1"}, json=SMALL)
    assert same.status_code == 202
    different = api.post("/generate", params={"duration": "2"}, json=SMALL)
    assert different.status_code == 422
    assert different.json()["detail"] == "duration is given twice with different values: 2 and 1"


def test_a_maximum_that_is_no_multiple_of_32_is_rounded_down(start_api: StartApi) -> None:
    api = start_api(max_resolution=500)
    refused = api.post("/generate", json={**SMALL, "resolution": 500})
    assert "from 64 to 480" in refused.json()["detail"]
    given = {name: value for name, value in SMALL.items() if name != "resolution"}
    assert api.post("/generate", json=given).json()["resolution"] == "480x480"


def test_configured_limits_are_the_ones_that_hold(start_api: StartApi) -> None:
    api = start_api(max_video_duration=2, default_video_duration=1, default_fps=4, max_frames=9)
    too_long = api.post("/generate", json={**SMALL, "duration": 3})
    assert too_long.json()["detail"] == "Duration cannot exceed 2 seconds"
    assert api.post("/generate", json={**SMALL, "fps": 10}).status_code == 400
    assert api.post("/generate", json={**SMALL, "fps": 9}).status_code == 202


@pytest.mark.parametrize("missing", ["server", "one model"])
def test_nothing_is_accepted_while_the_model_is_not_loaded(
    missing: str, api: TestClient, fake_triton: FakeTriton
) -> None:
    if missing == "server":
        fake_triton.stop()
    else:
        fake_triton.not_ready_models.add("vae_decoder")
    response = api.post("/generate", json=SMALL)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.json() == {
        "detail": "Model not loaded, please wait",
        "error_type": "model_not_loaded",
    }


@pytest.mark.parametrize(
    ("message", "detail", "error_type"),
    [
        ("FAILED: latents are not finite", "latents are not finite", "generation_error"),
        ("INVALID_REQUEST: height=64: no", "height=64: no", "generation_error"),
        ("some words of Triton's own", "some words of Triton's own", "generation_error"),
        (
            "FAILED: transformer: CUDA out of memory. Tried to allocate 2 GiB",
            "GPU out of memory, try shorter duration",
            "out_of_memory",
        ),
    ],
)
def test_a_job_that_fails_is_answered_with_500_and_its_error(
    message: str, detail: str, error_type: str, api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    fake_triton.message = message
    response = api.post("/generate", json=WAITING)
    assert response.status_code == 500
    body = response.json()
    job_id = body.pop("job_id")
    assert body == {"detail": detail, "error_type": error_type}
    status = wait_for(api, job_id, "failed")
    assert (status["error"], status["error_type"]) == (detail, error_type)


def test_a_job_cancelled_meanwhile_is_answered_with_409(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    answers = []
    waiting = threading.Thread(
        target=lambda: answers.append(api.post("/generate", json={**WAITING, "seed": 1}))
    )
    waiting.start()
    wait_until(lambda: bool(fake_triton.seen))
    page = api.get("/").text
    job_id = page.split("preview/")[1][:32]
    assert api.delete(f"/jobs/{job_id}").json()["status"] == "cancelled"
    waiting.join(timeout=10)
    assert answers[0].status_code == 409
    assert answers[0].json()["error_type"] == "cancelled"
    assert answers[0].json()["job_id"] == job_id


def test_past_the_queue_limit_requests_are_refused(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    api = start_api(max_queued_jobs=2, max_concurrent_jobs=1)
    fake_triton.faults = [Fault.HANG]
    jobs = [post(api) for _ in range(3)]
    refused = api.post("/generate", json=SMALL)
    assert refused.status_code == 503
    assert refused.json()["error_type"] == "queue_full"
    assert int(refused.headers["Retry-After"]) > 0
    wait_for(api, jobs[0], "running")
    assert [api.get(f"/status/{job_id}").json()["queue_position"] for job_id in jobs[1:]] == [1, 2]
    api.delete(f"/jobs/{jobs[0]}")
    for job_id in jobs[1:]:
        wait_for(api, job_id, "completed")


def test_used_up_storage_refuses_requests_and_keeps_the_videos(
    start_api: StartApi, output_dir: Path
) -> None:
    api = start_api(max_storage_gb=5e-6)
    job_id = post(api)
    wait_for(api, job_id, "completed")
    refused = api.post("/generate", json=SMALL)
    assert refused.status_code == 507
    assert refused.json()["error_type"] == "storage_full"
    assert len(list(output_dir.glob("*.mp4"))) == 1
    assert api.get(f"/download/{job_id}").status_code == 200


def test_posts_at_once_are_promised_no_more_than_the_storage_limit(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    promised = 0.1 * 64 * 64 * 8  # bytes of each video
    api = start_api(max_storage_gb=5.5 * promised / 1e9)
    fake_triton.faults = [Fault.HANG] * 4

    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: api.post("/generate", json=SMALL), range(20)))

    assert Counter(answer.status_code for answer in answers) == {202: 5, 507: 15}


def test_the_rate_limit_counts_posts_of_all_workers_and_nothing_else(start_api: StartApi) -> None:
    values = {"enable_rate_limit": True, "rate_limit_per_minute": 3}
    first, second = start_api(**values), start_api(**values)
    job_id = post(first)
    post(second)
    assert first.post("/generate", json={**SMALL, "prompt": ""}).status_code == 400
    for _ in range(10):
        assert second.get(f"/status/{job_id}").status_code == 200
    for api in (first, second):
        refused = api.post("/generate", json=SMALL)
        assert refused.status_code == 429
        assert refused.json()["error_type"] == "rate_limited"
        assert 0 < int(refused.headers["Retry-After"]) <= 60


def test_jobs_share_triton_up_to_the_limit(start_api: StartApi, fake_triton: FakeTriton) -> None:
    fake_triton.step_seconds = 0.05
    values = {"max_concurrent_jobs": 3}
    workers = [start_api(**values), start_api(**values)]
    jobs = [post(workers[number % 2]) for number in range(8)]
    for job_id in jobs:
        wait_for(workers[0], job_id, "completed")
    assert 2 <= fake_triton.most_at_once <= 3


def test_no_prompt_is_logged_at_info(api: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    job_id = post(api, prompt="something private")
    wait_for(api, job_id, "completed")
    time.sleep(0.05)
    lines = [message for message in caplog.messages if message.startswith(f"job {job_id}")]
    assert [line.split()[2] for line in lines] == [
        "queued",
        "running",
        "completed",
    ]
    assert "denoise=" in lines[-1]
    assert "private" not in caplog.text


@pytest.mark.parametrize("prompt", ["Ein Mädchen 猫", "naïve & 100 % sure?"])
def test_a_form_of_plain_utf8_is_read_as_such(prompt: str, api: TestClient) -> None:
    """As `curl -d` sends it: not percent-encoded."""
    body = f"prompt={quote(prompt, safe='äïé猫 ')}&duration=1&resolution=64&wait=false"

    response = api.post(
        "/generate",
        content=body.encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert response.status_code == 202, response.text
    assert response.json()["prompt"] == prompt


@pytest.mark.parametrize("body", [b"prompt=\xff\xfe", b"prompt=%FF%FE"])
def test_a_form_that_is_not_utf8_is_refused(body: bytes, api: TestClient) -> None:
    response = api.post(
        "/generate",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert response.status_code == 422
    assert response.json()["detail"] == "The form is not UTF-8; send it as UTF-8"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", '{"prompt": "Café"}'.encode("latin-1")),
        (
            "multipart/form-data; boundary=x",
            '--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nCafé\r\n--x--\r\n'.encode(
                "latin-1"
            ),
        ),
    ],
)
def test_a_body_in_another_encoding_is_refused(
    content_type: str, body: bytes, api: TestClient
) -> None:
    response = api.post("/generate", content=body, headers={"Content-Type": content_type})

    assert response.status_code == 422
    assert "is not UTF-8; send" in response.json()["detail"]


def test_a_compressed_body_is_refused(api: TestClient) -> None:
    response = api.post("/generate", json=SMALL, headers={"Content-Encoding": "gzip"})

    assert response.status_code == 422
    assert "Content-Encoding 'gzip' is not supported" in response.json()["detail"]


@pytest.mark.parametrize("prompt", ["\u200b", "\ufeff \u2003\u200b", "\x07"])
def test_a_prompt_that_shows_nothing_is_empty(prompt: str, api: TestClient) -> None:
    response = api.post("/generate", json={**SMALL, "prompt": prompt})

    assert response.status_code == 400
    assert response.json()["detail"] == "Prompt cannot be empty"


@pytest.mark.parametrize("way", ["json", "data", "params"])
def test_optional_parameters_may_be_left_open(way: str, api: TestClient) -> None:
    empty = None if way == "json" else ""
    given: dict[str, Any] = {**SMALL, "fps": empty, "seed": empty}

    response = api.request("POST", "/generate", **{way: given})  # type: ignore[arg-type]

    assert response.status_code == 202, response.text
    assert response.json()["fps"] == 8.0
    assert response.json()["seed"] >= 0


def test_a_video_that_the_engines_cannot_make_is_refused_before_it_is_queued(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    assert fake_triton.info
    small = SizeLimit(height=64, width=64, num_frames=8)
    limits = fake_triton.info.limits.model_copy(update={"sizes": (small,)})
    fake_triton.info = fake_triton.info.model_copy(update={"limits": limits})

    refused = api.post("/generate", json={**SMALL, "resolution": 96})

    assert refused.status_code == 400
    assert refused.json() == {
        "detail": "someone/Fake-Model cannot make this video: height=96, width=96, num_frames=8 "
        "together exceed what the engines were built for; allowed: up to 64x64x8",
        "error_type": "validation_error",
    }
    assert fake_triton.seen == []
    assert api.post("/generate", json=SMALL).status_code == 202


def test_a_video_that_can_never_fit_into_memory_is_refused(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    fake_triton.info = with_memory(bytes_for_a_token=10**7)
    api = start_api(memory_budget_gb=0.5)

    refused = api.post("/generate", json={**SMALL, "resolution": 256})

    assert refused.status_code == 400
    assert (
        "needs 1.6 GB of memory; the limit is 0.5 GB (MEMORY_BUDGET_GB)" in refused.json()["detail"]
    )
    assert api.post("/generate", json=SMALL).status_code == 202
