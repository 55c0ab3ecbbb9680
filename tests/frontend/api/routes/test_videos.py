from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.frontend.conftest import post, wait_for
from tests.frontend.fake_triton import FakeTriton, Fault


@pytest.fixture
def job_id(api: TestClient) -> str:
    job_id = post(api, prompt="<script>alert('x')</script> & \"quotes\"")
    wait_for(api, job_id, "completed")
    return job_id


def test_the_video_is_downloaded_under_its_documented_name(
    api: TestClient, job_id: str, output_dir: Path
) -> None:
    response = api.get(f"/download/{job_id}")
    filename = api.get(f"/status/{job_id}").json()["filename"]
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{filename}"'
    assert response.content == (output_dir / filename).read_bytes()


@pytest.mark.parametrize(
    ("num_frames", "said"), [(1, "1 frame · 64"), (5, "· 0.2 s ·"), (24, "· 1 s ·")]
)
def test_the_page_says_how_long_a_short_video_is(
    num_frames: int, said: str, api: TestClient
) -> None:
    job_id = post(api, duration=None, num_frames=num_frames, fps=24)
    wait_for(api, job_id, "completed")
    assert said in api.get(f"/preview/{job_id}").text


def test_the_video_is_shown_in_the_browser_on_request(api: TestClient, job_id: str) -> None:
    shown = api.get(f"/download/{job_id}", params={"inline": "true"})
    assert shown.headers["Content-Disposition"].startswith("inline; filename=")
    assert shown.content == api.get(f"/download/{job_id}").content


@pytest.mark.parametrize(
    ("format", "suffix", "media_type", "magic"),
    [
        ("gif", ".gif", "image/gif", b"GIF89a"),
        ("webp", ".webp", "image/webp", b"RIFF"),
        ("thumbnail", ".thumbnail.webp", "image/webp", b"RIFF"),
        ("spritesheet", ".spritesheet.jpg", "image/jpeg", b"\xff\xd8\xff"),
    ],
)
def test_the_video_is_downloaded_as_an_image(
    format: str,  # noqa: A002
    suffix: str,
    media_type: str,
    magic: bytes,
    api: TestClient,
    job_id: str,
) -> None:
    response = api.get(f"/download/{job_id}", params={"format": format})
    assert response.headers["Content-Type"] == media_type
    stem = Path(api.get(f"/status/{job_id}").json()["filename"]).stem
    assert response.headers["Content-Disposition"] == f'attachment; filename="{stem}{suffix}"'
    assert response.content.startswith(magic)


def test_an_unknown_format_is_refused(api: TestClient, job_id: str) -> None:
    response = api.get(f"/download/{job_id}", params={"format": "avi"})
    assert response.status_code == 422
    assert response.json()["detail"].startswith("format: Input should be 'mp4'")


def test_an_image_of_a_video_that_is_missing_is_not_found(
    api: TestClient, job_id: str, output_dir: Path
) -> None:
    (output_dir / api.get(f"/status/{job_id}").json()["filename"]).unlink()
    assert api.get(f"/download/{job_id}", params={"format": "gif"}).status_code == 404


def test_a_range_of_the_video_can_be_asked_for(api: TestClient, job_id: str) -> None:
    whole = api.get(f"/download/{job_id}").content
    part = api.get(f"/download/{job_id}", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    beyond = api.get(f"/download/{job_id}", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416


def test_a_job_without_a_video_says_why(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    job_id = post(api)
    wait_for(api, job_id, "failed")
    response = api.get(f"/download/{job_id}")
    assert response.status_code == 404
    assert response.json() == {
        "detail": "The job has no video: it is failed",
        "error_type": "not_found",
        "job_id": job_id,
    }


def test_a_missing_file_is_not_found(api: TestClient, job_id: str, output_dir: Path) -> None:
    next(output_dir.glob("*.mp4")).unlink()
    response = api.get(f"/download/{job_id}")
    assert response.status_code == 404
    assert response.json()["detail"] == "Video file missing"
    page = api.get(f"/preview/{job_id}").text
    assert "The file is gone" in page
    assert f'href=".?from={job_id}"' in page
    assert "<video" not in page


@pytest.mark.parametrize("path", ["/download", "/preview"])
def test_an_unknown_job_is_not_found(path: str, api: TestClient) -> None:
    response = api.get(f"{path}/00000000")
    assert response.status_code == 404
    assert response.json() == {
        "detail": "Job not found",
        "error_type": "not_found",
        "job_id": "00000000",
    }


def test_the_preview_plays_the_video_and_escapes_the_prompt(api: TestClient, job_id: str) -> None:
    response = api.get(f"/preview/{job_id}")
    assert response.headers["Content-Type"].startswith("text/html")
    assert f'src="/download/{job_id}"' in response.text
    assert "<script>alert" not in response.text
    assert "&lt;script&gt;alert" in response.text
    assert "someone/Fake-Model on cpu" in response.text
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    for kind in ("webp", "gif"):
        assert f'href="/download/{job_id}?format={kind}"' in response.text
    assert f'href="jobs/{job_id}/receipt" download' in response.text


def test_the_preview_shows_what_the_model_does_not_know(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.prompt_warnings = ("the model does not know: <cat>",)
    page = api.get(f"/preview/{post(api)}").text
    assert '<p class="warning">Note: the model does not know: &lt;cat&gt;.</p>' in page


def test_the_preview_of_a_running_job_follows_it(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = post(api)
    wait_for(api, job_id, "running")
    page = api.get(f"/preview/{job_id}").text
    assert "/preview.js" in page
    assert f'data-job-id="{job_id}"' in page
    assert "<video" not in page
    api.delete(f"/jobs/{job_id}")
    cancelled = api.get(f"/preview/{job_id}").text
    assert "Cancelled" in cancelled
    assert 'class="error"' not in cancelled.split('id="action-error"', maxsplit=1)[0]
    assert 'data-action="retry"' in cancelled


def test_the_preview_of_a_failed_job_shows_the_error(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    fake_triton.message = "FAILED: <b>broken</b>"
    job_id = post(api)
    wait_for(api, job_id, "failed")
    assert "&lt;b&gt;broken&lt;/b&gt;" in api.get(f"/preview/{job_id}").text
