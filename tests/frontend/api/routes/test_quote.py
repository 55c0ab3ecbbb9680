from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.frontend.conftest import SMALL, post, wait_for, wait_until
from tests.frontend.fake_triton import GUIDED_INFO, INFO, FakeTriton, Fault, with_memory

SIZE = {"duration": SMALL["duration"], "resolution": SMALL["resolution"]}


def quote(api: TestClient, **parameters: Any) -> dict[str, Any]:
    answer = api.get("/quote", params=parameters)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_the_defaults_are_quoted_even_before_the_first_video(api: TestClient) -> None:
    assert quote(api) == {
        "width": 512,
        "height": 512,
        "num_frames": 24,
        "fps": 8.0,
        "generation_time_seconds": None,
        "eta_seconds": None,
        "warnings": [],
    }


def test_a_quote_makes_no_job(api: TestClient) -> None:
    quote(api, prompt="a cat", **SIZE)
    assert api.get("/jobs").json()["jobs"] == []


def test_seconds_are_quoted_from_the_videos_made_here_and_the_jobs_in_front(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.step_seconds = 0.1  # six of them: the text, four steps, decoding
    wait_for(api, post(api), "completed")
    wait_until(lambda: quote(api, **SIZE)["eta_seconds"] is not None)
    free = quote(api, **SIZE)
    assert 0.5 < free["generation_time_seconds"] == free["eta_seconds"] < 2

    fake_triton.faults = [Fault.HANG]
    job_id = post(api)
    wait_for(api, job_id, "running")
    busy = quote(api, **SIZE)

    assert busy["generation_time_seconds"] == free["generation_time_seconds"]
    assert busy["eta_seconds"] > free["eta_seconds"]
    api.delete(f"/jobs/{job_id}")


def test_guidance_is_quoted_with_twice_the_denoising(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.info = GUIDED_INFO
    fake_triton.step_seconds = 0.1
    wait_for(api, post(api, guidance_scale=1), "completed")
    wait_until(lambda: quote(api, **SIZE)["eta_seconds"] is not None)

    plain, guided = (
        quote(api, **SIZE, guidance_scale=scale)["generation_time_seconds"] for scale in (1, 5)
    )

    assert quote(api, **SIZE)["generation_time_seconds"] == guided
    assert guided - plain == pytest.approx(4 * 0.1, rel=0.3)


@pytest.mark.parametrize(
    "parameters",
    [{"duration": 11}, {"fps": 61}, {"duration": "2.5"}, {"size": "1024x1024"}, {"promt": "a"}],
)
def test_what_generate_would_refuse_is_refused_in_the_same_words(
    parameters: dict[str, Any], api: TestClient
) -> None:
    refused = api.get("/quote", params=parameters)
    same = api.post("/generate", params={"prompt": "a cat", **parameters})
    assert refused.status_code == same.status_code
    assert refused.json()["error_type"] == "validation_error"
    if "promt" not in parameters:  # the two name what they allow in another order
        assert refused.json() == same.json()


def test_a_video_that_never_fits_into_memory_is_refused(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.info = with_memory(10**8)
    refused = api.get("/quote")
    assert refused.status_code == 400
    assert "needs" in refused.json()["detail"]


def test_a_size_that_the_model_draws_badly_comes_with_a_warning(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.info = INFO.model_copy(update={"drawn_sides": (256, 512)})
    [warning] = quote(api, **SIZE)["warnings"]
    assert "256 to 512" in warning
