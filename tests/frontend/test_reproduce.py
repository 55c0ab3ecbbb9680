"""Videos of a model that the real engines of the tests are not: `tests/e2e` has the others."""

from pathlib import Path

from frontend.client import ApiClient, make_video
from frontend.jobs.receipt import Receipt
from frontend.reproduce import reproduce
from tests.frontend.api_process import running
from tests.frontend.conftest import SMALL
from tests.frontend.fake_triton import GUIDED_INFO, FakeTriton


def test_a_guided_video_is_made_again_with_its_guidance(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    fake_triton.info = GUIDED_INFO
    with running(fake_triton, tmp_path) as server, ApiClient(str(server.http.base_url)) as api:
        first = make_video(api, {**SMALL, "negative_prompt": "blurry"}, tmp_path / "first.mp4")
        receipt = Receipt.model_validate(api.receipt(first.status["job_id"]))

        again = reproduce(receipt, api, first.path, lambda _: None)

    asked, repeated = (seen.request for seen in fake_triton.seen)
    assert asked.guidance_scale is None
    assert repeated == asked.model_copy(update={"guidance_scale": 3.0, "num_inference_steps": 4})
    assert again.is_same_file
