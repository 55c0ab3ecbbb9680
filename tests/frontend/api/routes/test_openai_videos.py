"""`/v1/videos` and `/v1/models`, as OpenAI's clients read them."""

import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.frontend.conftest import StartApi, wait_until
from tests.frontend.fake_triton import GUIDED_INFO, INFO, FakeTriton, Fault

SMALL = {"prompt": "a blue star", "seconds": "1", "size": "96x64"}
KEY = "0123456789abcdef"


def create(api: TestClient, **values: Any) -> dict[str, Any]:
    answer = api.post("/v1/videos", json={**SMALL, **values})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def wait_for(api: TestClient, video_id: str, status: str) -> dict[str, Any]:
    body: dict[str, Any] = {}

    def has_status() -> bool:
        answer = api.get(f"/v1/videos/{video_id}")
        assert answer.status_code == 200
        body.update(answer.json())
        return bool(body["status"] == status)

    wait_until(has_status)
    return body


def error(answer: Any) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    inner: dict[str, Any] = body["error"]
    return inner


@pytest.mark.parametrize("form", ["json", "data", "files"])
def test_a_video_is_created_from_json_and_from_forms(form: str, api: TestClient) -> None:
    sent: Any = {**SMALL, "seed": "7", "negative_prompt": "blurry", "guidance_scale": "3"}
    if form == "files":
        sent = {name: (None, value) for name, value in sent.items()}
    answer = api.post("/v1/videos", **{form: sent})
    body = answer.json()

    assert answer.headers["openai-poll-after-ms"] == "1000"
    assert body == {
        "id": body["id"],
        "object": "video",
        "status": body["status"],
        "model": "someone/Fake-Model",
        "prompt": "a blue star",
        "progress": body["progress"],
        "seconds": "1",
        "size": "96x64",
        "created_at": body["created_at"],
        "completed_at": None,
        "expires_at": None,
        "error": None,
        "remixed_from_video_id": None,
        "seed": 7,
        "fps": 8.0,
        "num_frames": 8,
        "num_inference_steps": None,
        "inference_time_s": None,
        "warnings": [
            "guidance_scale=3 is ignored: someone/Fake-Model is distilled to do without guidance",
            "the negative prompt has no effect: someone/Fake-Model is distilled to do without "
            "guidance",
        ],
    }
    assert abs(body["created_at"] - time.time()) < 60
    assert body["status"] in ("queued", "in_progress")


def test_a_completed_video_says_when_it_expires(start_api: StartApi) -> None:
    api = start_api(cleanup_after_days=2)
    video = wait_for(api, create(api)["id"], "completed")
    assert video["progress"] == 100
    assert video["expires_at"] == pytest.approx(video["completed_at"] + 2 * 86_400, abs=1)
    assert video["inference_time_s"] > 0
    content = api.get(f"/v1/videos/{video['id']}/content")
    assert content.headers["content-type"] == "video/mp4"
    assert content.content[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("variant", "media_type", "magic"),
    [("thumbnail", "image/webp", b"RIFF"), ("spritesheet", "image/jpeg", b"\xff\xd8\xff")],
)
def test_a_video_has_images(variant: str, media_type: str, magic: bytes, api: TestClient) -> None:
    video = wait_for(api, create(api)["id"], "completed")
    content = api.get(f"/v1/videos/{video['id']}/content", params={"variant": variant})
    assert content.headers["content-type"] == media_type
    assert content.content.startswith(magic)


def test_a_failed_video_is_answered_with_its_error(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    video = wait_for(api, create(api)["id"], "failed")
    assert video["error"] == {"code": "generation_error", "message": "something broke"}
    assert api.get(f"/v1/videos/{video['id']}/content").status_code == 404


def test_a_cancelled_video_is_a_failed_one(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    video_id = create(api)["id"]
    api.delete(f"/jobs/{video_id}")
    assert wait_for(api, video_id, "failed")["error"]["code"] == "cancelled"


def test_a_running_video_is_cancelled_and_deleted(
    api: TestClient, fake_triton: FakeTriton, output_dir: Path
) -> None:
    fake_triton.faults = [Fault.HANG]
    video_id = create(api)["id"]
    wait_for(api, video_id, "in_progress")
    answer = api.delete(f"/v1/videos/{video_id}")
    assert answer.json() == {"id": video_id, "object": "video.deleted", "deleted": True}
    assert api.get(f"/v1/videos/{video_id}").status_code == 404
    assert fake_triton.seen[0].cancelled
    assert list(output_dir.glob("*video*")) == []


def test_videos_are_listed_in_pages_in_either_order(api: TestClient) -> None:
    created = [create(api)["id"] for _ in range(3)]
    for order, expected in (("asc", created), ("desc", created[::-1])):
        first = api.get("/v1/videos", params={"limit": 2, "order": order}).json()
        assert [video["id"] for video in first["data"]] == expected[:2]
        assert (first["object"], first["has_more"]) == ("list", True)
        assert (first["first_id"], first["last_id"]) == (expected[0], expected[1])
        after = {"after": first["last_id"], "order": order}
        second = api.get("/v1/videos", params=after).json()
        assert [video["id"] for video in second["data"]] == expected[2:]
        assert second["has_more"] is False


def test_a_remix_keeps_size_length_and_seed(api: TestClient, fake_triton: FakeTriton) -> None:
    source = create(api, seed=5, num_inference_steps=8)
    wait_for(api, source["id"], "completed")

    remix = api.post(f"/v1/videos/{source['id']}/remix", json={"prompt": "a red ball"}).json()

    wait_for(api, remix["id"], "completed")
    assert remix["remixed_from_video_id"] == source["id"]
    first, second = (seen.request for seen in fake_triton.seen)
    assert second == first.model_copy(update={"prompt": "a red ball"})


def test_guidance_is_ignored_where_the_model_has_none_and_used_where_it_has(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.info = GUIDED_INFO
    guided = create(api, guidance_scale=5, negative_prompt="blurry")
    wait_for(api, guided["id"], "completed")
    assert guided["warnings"] == []
    spec = fake_triton.seen[-1].request
    assert (spec.guidance_scale, spec.negative_prompt) == (5, "blurry")

    fake_triton.info = INFO
    time.sleep(5.1)  # what Triton serves is believed for five seconds
    path = f"/v1/videos/{guided['id']}/remix"
    remix = api.post(path, json={"prompt": "a red ball", "negative_prompt": "grey"}).json()
    wait_for(api, remix["id"], "completed")
    spec = fake_triton.seen[-1].request
    assert (spec.guidance_scale, spec.negative_prompt) == (None, "grey")
    assert remix["warnings"][0].startswith("guidance_scale=5 is ignored: ")


def test_a_guidance_scale_waits_until_triton_says_whether_the_model_has_one(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.info = None
    given = {**SMALL, "guidance_scale": 5}
    assert api.post("/v1/videos", json=given).status_code == 503
    assert api.post("/v1/videos", json=SMALL).status_code == 200

    fake_triton.info = INFO
    assert api.post("/v1/videos", json={**given, "guidance_scale": 1}).json()["warnings"] == []


def test_a_remix_may_draw_another_seed(api: TestClient) -> None:
    source = create(api, seed=5)["id"]
    remix = api.post(f"/v1/videos/{source}/remix", json={"prompt": "a red ball", "seed": -1})
    assert remix.status_code == 200, remix.text
    assert remix.json()["seed"] != 5


def test_a_repeated_remix_is_found_when_its_source_is_no_more(api: TestClient) -> None:
    source = create(api)["id"]
    wait_for(api, source, "completed")
    path, headers = f"/v1/videos/{source}/remix", {"Idempotency-Key": "remix-1"}
    first = api.post(path, json={"prompt": "a red ball"}, headers=headers).json()
    api.delete(f"/v1/videos/{source}")
    assert (
        api.post(path, json={"prompt": "a red ball"}, headers=headers).json()["id"] == first["id"]
    )


def test_a_remix_keeps_to_the_limits_of_today(start_api: StartApi) -> None:
    source = create(start_api(), size="512x512")["id"]
    answer = start_api(max_resolution=256).post(
        f"/v1/videos/{source}/remix", json={"prompt": "a red ball"}
    )
    assert answer.status_code == 400
    assert "cannot exceed 65536 pixels" in error(answer)["message"]


def test_a_remix_needs_a_prompt(api: TestClient) -> None:
    source = create(api)["id"]
    answer = api.post(f"/v1/videos/{source}/remix", json={})
    assert answer.status_code == 422
    assert error(answer)["param"] == "prompt"


def test_the_served_model_is_listed_and_retrieved(api: TestClient) -> None:
    model = {"id": "someone/Fake-Model", "object": "model", "created": 0, "owned_by": "ltx-triton"}
    assert api.get("/v1/models").json() == {"object": "list", "data": [model]}
    assert api.get("/v1/models/someone/Fake-Model").json() == model
    missing = api.get("/v1/models/sora-2")
    assert missing.status_code == 404
    assert error(missing)["message"] == "This server has no model but someone/Fake-Model"


@pytest.mark.parametrize(
    ("sent", "status", "message", "parameter"),
    [
        ({"size": "720x1280"}, 400, "Width must be a multiple of 32 from 64 to 1024", None),
        ({"size": "1024x1024"}, 400, "width x height cannot exceed 262144 pixels", None),
        ({"seconds": "12"}, 400, "Duration cannot exceed 10 seconds", "duration"),
        ({"seconds": "long"}, 422, "seconds must be an integer, not 'long'", "seconds"),
        ({"n": 2}, 400, "N must be from 1 to 1, not 2", "n"),
        (
            {"input_reference[image_url]": "http://example.org/a.png"},
            400,
            "input_reference is not supported by this model",
            "input_reference",
        ),
    ],
)
def test_an_error_has_openais_body(
    sent: dict[str, Any], status: int, message: str, parameter: str | None, api: TestClient
) -> None:
    answer = api.post("/v1/videos", json={**SMALL, **sent})
    assert answer.status_code == status
    assert error(answer)["message"].startswith(message)
    assert error(answer)["param"] == parameter
    assert error(answer)["type"] == "invalid_request_error"
    assert error(answer)["code"] == "validation_error"


def test_errors_outside_the_routes_have_openais_body_too(start_api: StartApi) -> None:
    api = start_api(api_key_required=True, api_key=KEY)
    refused = api.get("/v1/videos")
    assert (refused.status_code, error(refused)["type"]) == (401, "authentication_error")
    headers = {"Authorization": f"Bearer {KEY}"}
    for path in ("/v1/videos/0000", "/v1/nothing"):
        missing = api.get(path, headers=headers)
        assert (missing.status_code, error(missing)["code"]) == (404, "not_found")
    foreign = api.post("/v1/videos", headers={**headers, "Origin": "http://elsewhere.example"})
    assert (foreign.status_code, error(foreign)["type"]) == (403, "permission_error")
    wrong = api.get("/v1/videos?limit=0", headers=headers)
    assert (wrong.status_code, error(wrong)["param"]) == (422, "limit")


def test_a_retry_is_discouraged_where_it_is_useless(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    api = start_api(max_storage_gb=1e-6)
    answer = api.post("/v1/videos", json=SMALL)
    assert answer.status_code == 507
    assert answer.headers["x-should-retry"] == "false"
    fake_triton.ready = False
    assert "x-should-retry" not in api.post("/v1/videos", json=SMALL).headers


def test_an_uploaded_image_is_refused_by_name(api: TestClient) -> None:
    image = ("photo.png", b"\x89PNG\r\n\xff\xfe", "image/png")
    answer = api.post("/v1/videos", data=SMALL, files={"input_reference": image})
    assert answer.status_code == 422
    assert error(answer)["message"] == "input_reference is a file; this model reads text alone"


def test_private_jobs_are_not_listed(start_api: StartApi) -> None:
    answer = start_api(private_jobs=True).get("/v1/videos")
    assert (answer.status_code, error(answer)["type"]) == (403, "permission_error")


def test_a_refused_name_that_is_no_text_is_named_without_it(api: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    body = rb'{"prompt": "a blue star", "lora[\ud800]": 1}'
    answer = api.post("/v1/videos", content=body, headers=headers)
    assert answer.status_code == 400
    assert error(answer)["param"] == "lora"
