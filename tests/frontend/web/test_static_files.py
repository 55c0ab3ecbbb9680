from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from frontend.web.static_files import STATIC, SWAGGER, VersionedFiles
from tests.frontend.conftest import post, wait_for


def serve(files: VersionedFiles) -> TestClient:
    return TestClient(Starlette(routes=[Mount("/static", files)]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.css").write_text("a {}")
    return tmp_path


def test_a_file_at_its_version_is_kept_and_at_its_name_checked(folder: Path) -> None:
    files = VersionedFiles("static", directory=folder)
    kept = serve(files).get(f"/{files.address}/page.css")
    checked = serve(files).get("/static/page.css")

    assert kept.text == checked.text == "a {}"
    assert "immutable" in kept.headers["Cache-Control"]
    assert checked.headers["Cache-Control"] == "no-cache"
    again = serve(files).get("/static/page.css", headers={"If-None-Match": checked.headers["ETag"]})
    assert again.status_code == 304


def test_the_version_changes_with_a_content_and_with_a_name(folder: Path) -> None:
    versions = [VersionedFiles("static", directory=folder).address]
    (folder / "page.css").write_text("b {}")
    versions.append(VersionedFiles("static", directory=folder).address)
    (folder / "page.css").rename(folder / "other.css")
    versions.append(VersionedFiles("static", directory=folder).address)
    assert len({*versions}) == 3


def test_another_version_and_what_is_outside_are_not_found(folder: Path) -> None:
    (folder / "inside").mkdir()
    files = VersionedFiles("static", directory=folder / "inside")
    client = serve(files)
    assert client.get("/static/000000000000/page.css").status_code == 404
    assert client.get(f"/{files.address}/%2e%2e/page.css").status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", f"/{STATIC.address}/style.css",
             f"/{SWAGGER.address}/swagger-ui-bundle.js"]
)  # fmt: skip
def test_texts_are_compressed(path: str, api: TestClient) -> None:
    assert api.get(path).headers["Content-Encoding"] == "gzip"
    plain = api.get(path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_videos_their_ranges_pictures_and_events_are_not_compressed(api: TestClient) -> None:
    job_id = post(api, duration=3)
    wait_for(api, job_id, "completed")
    for path, headers in (
        (f"/download/{job_id}", {}),
        (f"/download/{job_id}", {"Range": "bytes=0-999"}),
        (f"/download/{job_id}?format=thumbnail", {}),
        (f"/jobs/{job_id}/events", {}),
    ):
        answer = api.get(path, headers={"Accept-Encoding": "gzip", **headers})
        assert answer.status_code in (200, 206)
        assert "Content-Encoding" not in answer.headers, path


def test_a_browser_that_asks_for_an_icon_finds_it(api: TestClient) -> None:
    icon = api.get("/favicon.ico")
    assert icon.status_code == 200
    assert icon.headers["Content-Type"] == "image/svg+xml"
