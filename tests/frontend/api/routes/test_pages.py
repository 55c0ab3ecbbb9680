import re
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from frontend.web.examples import clip_files
from tests.frontend.conftest import SMALL, StartApi, post, wait_for
from tests.frontend.fake_triton import INFO, FakeTriton


def test_the_home_page_has_a_form_with_the_configured_limits(start_api: StartApi) -> None:
    page = start_api(max_video_duration=5, max_resolution=128).get("/").text
    assert 'name="duration" min="1" max="5"' in page
    assert re.findall(r'<option value="(\d+)"', page) == ["64", "96", "128"]
    assert 'href="docs"' in page
    assert "Fake-Model turns" in page


def test_recent_videos_are_linked_and_their_prompts_escaped(api: TestClient) -> None:
    job_id = post(api, prompt="<script>alert(1)</script>")
    wait_for(api, job_id, "completed")
    page = api.get("/").text
    assert f'href="/preview/{job_id}"' in page
    assert f'href="/download/{job_id}"' in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def links(api: TestClient, path: str) -> list[str]:
    """Return the addresses to which a page leads, with the page's own base."""
    page = api.get(path)
    assert page.status_code == 200
    [base] = re.findall(r'<base href="([^"]*)"', page.text) or [path]
    found = re.findall(r'<(?!base)[^>]*(?:src|href)="([^"]*)"', page.text)
    assert found
    return [urljoin(f"http://localhost{base}", link) for link in found]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_refer_to_files_of_this_server_only(path: str, api: TestClient) -> None:
    for link in links(api, path):
        assert link.startswith("http://localhost/"), link
        assert api.get(link).status_code in (200, 503), link


def test_scripts_load_only_what_is_there(api: TestClient) -> None:
    for script in ("home.js", "preview.js"):
        text = api.get(f"/static/{script}").text
        for name in re.findall(r'from "\./([^"]+)"', text):
            assert api.get(f"/static/{name}").status_code == 200
        assert "innerHTML" not in text


def test_the_demo_checkpoint_comes_with_examples_and_other_models_without(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    assert 'id="examples"' not in start_api().get("/").text
    fake_triton.info = INFO.model_copy(update={"model_name": "ltx-demo"})
    demo = start_api()
    page = demo.get("/").text
    for prompt, name in clip_files().items():
        assert prompt in page
        picture = demo.get(f"/static/examples/{name}")
        assert picture.status_code == 200
        assert picture.headers["content-type"] == "image/webp"


def test_private_jobs_are_not_listed(start_api: StartApi) -> None:
    api = start_api(private_jobs=True)
    job_id = post(api, prompt="A secret garden")
    wait_for(api, job_id, "completed")

    assert "secret garden" not in api.get("/").text
    assert "secret garden" in api.get(f"/preview/{job_id}").text


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_run_no_script_but_those_of_this_server(path: str, api: TestClient) -> None:
    page = api.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert policy == "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
    assert not re.findall(r"<script(?![^>]*src=)", page.text)


def test_below_a_path_of_a_proxy_everything_leads_there(start_api: StartApi) -> None:
    api = start_api(root_path="/video")
    body = api.post("/generate", json=SMALL).json()
    wait_for(api, body["job_id"], "completed")
    assert body["status_url"] == f"/video/status/{body['job_id']}"
    assert body["download_url"] == f"/video/download/{body['job_id']}"
    assert api.get("/openapi.json").json()["servers"] == [{"url": "/video"}]

    for path in ("/", "/docs", f"/preview/{body['job_id']}"):
        for link in links(api, f"/video{path}"):
            assert link.startswith("http://localhost/video/"), link
            # The proxy takes its path off; the server puts it on again.
            assert api.get(link).status_code == 200, link


def test_only_sizes_that_the_model_can_draw_are_offered(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    fake_triton.info = INFO.model_copy(update={"drawn_sides": (128, 192)})
    page = start_api(max_resolution=512).get("/").text
    assert re.findall(r'<option value="(\d+)"', page) == ["128", "160", "192"]
    outside = start_api(max_resolution=96).get("/").text
    assert re.findall(r'<option value="(\d+)"', outside) == ["64", "96"]
