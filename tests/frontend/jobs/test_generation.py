import asyncio
import json
from pathlib import Path

import pytest

from frontend.jobs.generation import generate_video
from frontend.services import open_folder
from frontend.triton import TritonClient
from ltx_triton.model_info import ModelInfo
from tests.frontend.conftest import MakeSettings, new_job
from tests.frontend.fake_triton import INFO, FakeTriton
from tests.frontend.media.ffmpeg import tags


def generate(make_settings: MakeSettings, fake_triton: FakeTriton, *, private: bool) -> Path:
    """Path of a video of the prompt "A cat"."""
    folder = open_folder(make_settings(private_metadata=private))
    folder.path.mkdir()
    job = new_job(id="0badcafe", created_at=1.0, attempts=1)

    async def run() -> None:
        triton = TritonClient(fake_triton.address)
        try:
            await generate_video(job, triton, folder, lambda _: None)
        finally:
            await triton.close()

    asyncio.run(run())
    return folder.video(job)


@pytest.mark.parametrize(("info", "name"), [(INFO, "someone/Fake-Model"), (None, None)])
def test_a_video_says_which_model_made_it(
    info: ModelInfo | None, name: str | None, fake_triton: FakeTriton, make_settings: MakeSettings
) -> None:
    fake_triton.info = info

    found = tags(generate(make_settings, fake_triton, private=False))

    assert found["title"] == "A cat"
    assert json.loads(found["comment"])["model"] == name


def test_private_metadata_leaves_title_and_comment_out(
    fake_triton: FakeTriton, make_settings: MakeSettings
) -> None:
    assert tags(generate(make_settings, fake_triton, private=True)) == {}
