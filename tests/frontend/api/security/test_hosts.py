import socket

import pytest
from starlette.testclient import TestClient

from tests.frontend.conftest import StartApi


def status(api: TestClient, host: str, path: str = "/") -> int:
    return api.get(path, headers={"Host": host}).status_code


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8000", "LOCALHOST", "localhost.", "videos.localhost"),
        *("127.0.0.1:8000", "192.168.1.5", "[::1]:8000", "[2001:db8::1]"),
        *(socket.gethostname(), f"{socket.gethostname()}:8000"),
    ],
)
def test_addresses_and_names_of_this_machine_are_served(host: str, api: TestClient) -> None:
    assert status(api, host) == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8000", "localhost.evil.example", "notlocalhost"),
        *("127.0.0.1.evil.example", "[evil", "@", "evil.example@"),
    ],
)
def test_other_names_are_refused(host: str, api: TestClient) -> None:
    answer = api.post("/generate", json={"prompt": "A cat"}, headers={"Host": host})

    assert answer.status_code == 403
    assert answer.json()["error_type"] == "forbidden"
    assert repr(host) in answer.json()["detail"]
    assert "ALLOWED_HOSTS" in answer.json()["detail"]


def test_names_that_the_operator_gives_are_served(start_api: StartApi) -> None:
    api = start_api(allowed_hosts="Videos.Example.org, *.example.com", api_host="box.lan")

    assert status(api, "videos.example.org:443") == 200
    assert status(api, "a.b.example.com") == 200
    assert status(api, "box.lan") == 200
    assert status(api, "localhost") == 200
    assert status(api, "other.example.org") == 403
    assert status(api, "example.com") == 403


def test_an_asterisk_allows_every_name(start_api: StartApi) -> None:
    assert status(start_api(allowed_hosts="*"), "anything.example") == 200


@pytest.mark.parametrize("host", ["evil.example", "[evil"])
def test_a_browser_gets_a_page(host: str, api: TestClient) -> None:
    page = api.get("/", headers={"Host": host, "Accept": "text/html,*/*;q=0.8"})

    assert page.status_code == 403
    assert "ALLOWED_HOSTS" in page.text
    assert page.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_monitoring_may_use_any_name(path: str, api: TestClient) -> None:
    assert status(api, "frontend:8000", path) == 200
