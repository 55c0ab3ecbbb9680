import re
from html import unescape
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from frontend.web.static_files import FOLDER
from tests.frontend.conftest import SMALL, StartApi, wait_for


def links(api: TestClient, path: str) -> list[str]:
    """Return the addresses to which a page leads, with the page's own base."""
    page = api.get(path)
    assert page.status_code == 200
    [base] = re.findall(r'<base href="([^"]*)"', page.text) or [path]
    found = re.findall(r'<(?!base)[^>]*\s(?:src|href|action)="([^"]*)"', page.text)
    assert found
    return [urljoin(f"http://localhost{base}", unescape(link)) for link in found]


@pytest.mark.parametrize("path", ["/", "/gallery", "/status", "/docs"])
def test_pages_refer_to_files_of_this_server_only(path: str, api: TestClient) -> None:
    for link in links(api, path):
        assert link.startswith("http://localhost/"), link
        assert api.get(link).status_code in (200, 503), link


def test_scripts_load_only_what_is_there(api: TestClient) -> None:
    scripts = ["home.js", "gallery.js", "preview.js"]
    for script in scripts:
        answer = api.get(f"/static/{script}")
        assert answer.status_code == 200, script
        imported = re.findall(r'(?:from|import) "\./([^"]+)"', answer.text)
        scripts += [name for name in imported if name not in scripts]
        assert "innerHTML" not in answer.text
    assert set(scripts) | {"docs.js"} == {file.name for file in FOLDER.glob("*.js")}


@pytest.mark.parametrize("path", ["/", "/gallery", "/status", "/docs"])
def test_pages_run_no_script_but_those_of_this_server(path: str, api: TestClient) -> None:
    page = api.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert policy == "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
    assert not re.findall(r"<script(?![^>]*src=)", page.text)


@pytest.mark.parametrize("path", ["/", "/gallery?text=x", "/status"])
def test_every_page_lets_the_keyboard_skip_to_its_content(path: str, api: TestClient) -> None:
    page = api.get(path).text
    assert f'class="skip" href="{path}#main"' in page
    assert '<main id="main"' in page
    assert page.count("<h1") == 1


@pytest.mark.parametrize("path", ["//evil.example/x", "/%09/evil.example", "/%5Cevil.example"])
def test_the_skip_link_of_an_error_stays_on_this_site(path: str, api: TestClient) -> None:
    page = api.get(f"http://localhost{path}", headers={"Accept": "text/html"})
    assert page.status_code == 404
    [link] = re.findall(r'class="skip" href="([^"]*)#main"', page.text)
    assert re.fullmatch(r"/[\w%.-][\w%./-]*", link)


def test_the_menu_leads_to_pages_for_people(api: TestClient) -> None:
    [menu] = re.findall(r"<nav.*?</nav>", api.get("/gallery").text, re.DOTALL)
    addresses = re.findall(r'href="([^"]*)"', menu)
    assert addresses == [".", "gallery", "status", "docs"]
    for address in addresses:
        assert api.get(urljoin("/", address)).headers["Content-Type"].startswith("text/html")
    assert re.findall(r'href="([^"]*)" aria-current="page"', menu) == ["gallery"]


def test_below_a_path_of_a_proxy_everything_leads_there(start_api: StartApi) -> None:
    api = start_api(root_path="/video")
    body = api.post("/generate", json=SMALL).json()
    wait_for(api, body["job_id"], "completed")
    assert body["status_url"] == f"/video/status/{body['job_id']}"
    assert body["download_url"] == f"/video/download/{body['job_id']}"
    assert api.get("/openapi.json").json()["servers"] == [{"url": "/video"}]

    for path in ("/", "/gallery", "/status", "/docs", f"/preview/{body['job_id']}"):
        for link in links(api, f"/video{path}"):
            assert link.startswith("http://localhost/video/"), link
            # The proxy takes its path off; the server puts it on again.
            assert api.get(link).status_code == 200, link
