import re

import pytest
from starlette.testclient import TestClient

from frontend.api.routes import gallery
from tests.frontend.conftest import StartApi, post, wait_for
from tests.frontend.fake_triton import FakeTriton, Fault


def shown(page: str) -> list[str]:
    """IDs of the jobs on the page."""
    return re.findall(r'id="job-([0-9a-f]+)"', page)


def make(api: TestClient, prompt: str) -> str:
    job_id = post(api, prompt=prompt)
    wait_for(api, job_id, "completed", "failed")
    return job_id


def test_an_empty_gallery_leads_to_the_form(api: TestClient) -> None:
    assert "No videos yet" in api.get("/gallery").text


def test_videos_are_shown_the_newest_first_with_a_picture_and_what_can_be_done(
    api: TestClient,
) -> None:
    first, second = make(api, "a fox"), make(api, "a hen")
    page = api.get("/gallery").text
    assert shown(page) == [second, first]
    [image] = re.findall(rf'src="(/download/{first}[^"]*)"', page)
    assert api.get(image.replace("&amp;", "&")).headers["Content-Type"] == "image/webp"
    assert f'href=".?from={first}"' in page
    assert f'data-action="delete" data-job-id="{first}"' in page
    assert 'data-action="retry"' not in page


def test_a_failed_video_can_be_retried(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    job_id = make(api, "a fox")
    page = api.get("/gallery").text
    assert f'data-action="retry" data-job-id="{job_id}"' in page


def test_an_unfinished_video_shows_its_progress_and_can_be_cancelled(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = post(api)
    wait_for(api, job_id, "running")
    page = api.get("/gallery").text
    assert "<progress" in page
    assert f'data-action="cancel" data-job-id="{job_id}"' in page
    assert 'data-action="delete"' not in page
    api.delete(f"/jobs/{job_id}")


def test_a_file_that_is_missing_is_said_to_be(api: TestClient) -> None:
    job_id = make(api, "a fox")
    services = api.app.state.services  # type: ignore[attr-defined]
    services.folder.video(services.store.get(job_id)).unlink()
    page = api.get("/gallery").text
    assert "file missing" in page
    assert '<img src="/download' not in page


def test_videos_are_searched_by_words_and_state(api: TestClient, fake_triton: FakeTriton) -> None:
    fox = make(api, "a red fox")
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    hen = make(api, "a red hen")
    assert shown(api.get("/gallery", params={"text": "FOX", "state": ""}).text) == [fox]
    assert shown(api.get("/gallery", params={"text": "red", "state": "failed"}).text) == [hen]
    nothing = api.get("/gallery", params={"text": "<b>cow"}).text
    assert "No video matches" in nothing
    assert 'value="&lt;b&gt;cow"' in nothing


def test_the_search_goes_on_through_the_pages(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "_PAGE", 2)
    foxes = [make(api, f"fox & {number}") for number in range(3)]
    make(api, "a hen")
    first = api.get("/gallery", params={"text": "fox &"}).text
    assert shown(first) == [foxes[2], foxes[1]]
    [older] = re.findall(r'href="(gallery\?[^"]*)">Older', first)
    last = api.get(f"/{older.replace('&amp;', '&')}").text
    assert shown(last) == [foxes[0]]
    assert "Older" not in last
    [newest] = re.findall(r'href="(gallery\?[^"]*)">Newest', last)
    assert shown(api.get(f"/{newest}").text) == shown(first)


def test_a_page_behind_a_job_that_was_deleted_leads_to_the_newest_of_the_search(
    start_api: StartApi,
) -> None:
    api = start_api(root_path="/video")
    job_id = make(api, "a fox")
    api.delete(f"/jobs/{job_id}")
    search = {"text": "a fox", "after": job_id}
    answer = api.get("/gallery", params=search, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/video/gallery?text=a+fox"


def test_there_is_no_gallery_of_private_jobs(start_api: StartApi) -> None:
    refused = start_api(private_jobs=True).get("/gallery")
    assert refused.status_code == 403
