"""The video that a request asks for, in all its spellings."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from ltx_triton.settings import Settings
from ltx_triton.video_spec import VideoSpec
from tests.frontend.conftest import StartApi
from tests.frontend.fake_triton import GUIDED_INFO, FakeTriton


@pytest.fixture
def api(start_api: StartApi) -> TestClient:
    return start_api(max_resolution=256, default_video_duration=2)


def accepted(api: TestClient, fake_triton: FakeTriton, **given: Any) -> VideoSpec:
    response = api.post("/generate", json={"prompt": "a", **given})
    assert response.status_code == 200, response.text
    return fake_triton.seen[-1].request


def refused(api: TestClient, **given: Any) -> str:
    response = api.post("/generate", json={"prompt": "a", **given})
    assert response.status_code == 400, response.text
    detail: str = response.json()["detail"]
    return detail


@pytest.mark.parametrize("changes", [{}, {"max_resolution": 320, "default_fps": 12}])
def test_the_settings_know_the_video_of_a_request_with_a_prompt_alone(
    changes: dict[str, Any], start_api: StartApi, fake_triton: FakeTriton
) -> None:
    made = accepted(start_api(**changes), fake_triton)
    usual = Settings.model_construct(**changes).default_video
    assert made == usual.model_copy(update={"prompt": "a", "seed": made.seed})


@pytest.mark.parametrize(
    ("given", "width", "height"),
    [
        ({}, 256, 256),
        ({"resolution": 64}, 64, 64),
        ({"width": 512, "height": 128}, 512, 128),
        ({"size": "288x192"}, 288, 192),
        ({"size": "64X96"}, 64, 96),
        ({"size": "64x96", "resolution": 256}, 64, 96),  # the default, as generated clients send
    ],
)
def test_the_frame_is_given_by_its_sides_its_size_or_one_side_of_a_square(
    given: dict[str, Any], width: int, height: int, api: TestClient, fake_triton: FakeTriton
) -> None:
    spec = accepted(api, fake_triton, fps=1, **given)
    assert (spec.width, spec.height) == (width, height)


@pytest.mark.parametrize(
    ("given", "frames", "fps"),
    [
        ({}, 16, 8),
        ({"duration": 1, "fps": 12}, 12, 12),
        ({"seconds": "1"}, 8, 8),
        ({"num_frames": 25}, 25, 8),
        ({"num_frames": 33, "fps": 24}, 33, 24),
        ({"num_frames": 24, "duration": 3}, 24, 8),
        ({"num_frames": 9, "duration": 2}, 9, 8),  # the default, as generated clients send it
    ],
)
def test_the_length_is_given_by_seconds_or_frames(
    given: dict[str, Any], frames: int, fps: int, api: TestClient, fake_triton: FakeTriton
) -> None:
    spec = accepted(api, fake_triton, resolution=64, **given)
    assert (spec.num_frames, spec.frame_rate) == (frames, fps)


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        (
            {"width": 512, "height": 160},
            "width x height cannot exceed 65536 pixels (256 x 256); 512 x 160 are 81920",
        ),
        ({"size": "544x64"}, "Width must be a multiple of 32 from 64 to 512, not 544"),
        ({"size": "64x100"}, "Height must be a multiple of 32 from 64 to 512, not 100"),
        ({"size": "0x64"}, "Size must be WIDTHxHEIGHT in pixels, such as 672x384, not '0x64'"),
        ({"size": "wide"}, "Size must be WIDTHxHEIGHT in pixels, such as 672x384, not 'wide'"),
        ({"width": 128}, "height is missing; give width and height, or resolution"),
        ({"height": 128}, "width is missing; give width and height, or resolution"),
        ({"width": 100, "height": 64}, "Width must be a multiple of 32 from 64 to 512, not 100"),
        (
            {"resolution": 64, "size": "64x64"},
            "resolution and size both give the size of the video; give one",
        ),
        (
            {"width": 64, "height": 64, "size": "64x64"},
            "width x height and size both give the size of the video; give one",
        ),
        ({"num_frames": 258}, "num_frames must be from 1 to 257, not 258"),
        (
            {"num_frames": 101, "fps": 10},
            "num_frames / fps cannot exceed 10 seconds; 101 frames at 10 fps are 10.1",
        ),
        (
            {"num_frames": 25, "duration": 3},
            "num_frames and duration both give the length of the video; give one",
        ),
        ({"num_inference_steps": 0}, "num_inference_steps must be from 1 to 1000, not 0"),
        (
            {"num_inference_steps": 5},
            "someone/Fake-Model cannot make this video: "
            "num_inference_steps=5 is not possible; allowed: 4, 8",
        ),
        ({"guidance_scale": 0.9}, "guidance_scale must be from 1 to 20, not 0.9"),
        ({"guidance_scale": 21}, "guidance_scale must be from 1 to 20, not 21"),
        (
            {"guidance_scale": 3.5},
            "someone/Fake-Model cannot make this video: guidance_scale=3.5 is not possible; "
            "allowed: 1, since the checkpoint is distilled to do without guidance",
        ),
        (
            {"negative_prompt": "x" * 10_001},
            "negative_prompt cannot exceed 10000 characters; it has 10001",
        ),
    ],
)
def test_what_is_not_allowed_is_named_with_what_is(
    given: dict[str, Any], detail: str, api: TestClient
) -> None:
    assert refused(api, **given) == detail


def test_steps_that_have_a_schedule_reach_the_engines(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    assert accepted(api, fake_triton, num_inference_steps=8).num_inference_steps == 8


def test_guidance_reaches_the_engines_of_a_model_that_takes_it(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.info = GUIDED_INFO
    given = {"guidance_scale": "4.5", "negative_prompt": " "}
    spec = accepted(api, fake_triton, resolution=64, **given)
    assert (spec.guidance_scale, spec.negative_prompt) == (4.5, " ")
    spec = accepted(api, fake_triton, resolution=64, guidance_scale="")
    assert (spec.guidance_scale, spec.negative_prompt) == (None, "")


def test_a_distilled_model_takes_a_scale_of_one_and_warns_of_a_negative_prompt(
    api: TestClient,
) -> None:
    given = {"prompt": "a", "resolution": 64, "guidance_scale": 1, "negative_prompt": "blurry"}
    body = api.post("/generate", json=given).json()
    assert body["warnings"] == [
        "the negative prompt has no effect: someone/Fake-Model is distilled to do without guidance"
    ]


def test_a_seed_of_minus_one_is_drawn(api: TestClient, fake_triton: FakeTriton) -> None:
    first, second = (accepted(api, fake_triton, seed=-1, resolution=64) for _ in range(2))
    assert 0 <= first.seed < 2**53
    assert first.seed != second.seed


def test_a_job_says_what_it_was_asked_for(api: TestClient) -> None:
    frame = {"width": 96, "height": 64, "num_frames": 9}
    sampling = {"num_inference_steps": 4, "guidance_scale": 1.0, "negative_prompt": "blurry"}
    given = {"prompt": "a", **frame, **sampling}
    body = api.post("/generate", json=given).json()
    assert {name: body[name] for name in given} == given
    assert body["resolution"] == "96x64"
