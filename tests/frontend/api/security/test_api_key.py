import base64

import pytest
from starlette.testclient import TestClient

from tests.frontend.conftest import SMALL, StartApi

KEY = "s3cret-schlüssel"


@pytest.fixture
def locked(start_api: StartApi) -> TestClient:
    return start_api(api_key_required=True, api_key=KEY)


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/swagger/swagger-ui.css", "/model-status", "/nowhere"]
)
def test_without_the_key_nothing_is_served(path: str, locked: TestClient) -> None:
    response = locked.get(path)
    assert response.status_code == 401
    assert response.json()["error_type"] == "unauthorized"
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("path", ["/health", "/metrics", "/favicon.ico", "/static/style.css"])
def test_what_tells_of_no_job_needs_no_key(path: str, locked: TestClient) -> None:
    assert locked.get(path).status_code == 200


def test_a_browser_is_asked_for_the_key_and_told_how_to_give_it(locked: TestClient) -> None:
    page = locked.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 401
    assert page.headers["WWW-Authenticate"].startswith("Basic ")
    assert "any user name will do" in page.text


@pytest.mark.parametrize("way", ["X-API-Key", "Bearer", "Basic"])
def test_the_key_is_accepted_in_every_documented_way(way: str, locked: TestClient) -> None:
    for key, expected in ((KEY, 202), (KEY + "x", 401), (KEY[:-1], 401), ("", 401)):
        credentials = {
            "X-API-Key": (b"X-API-Key", key.encode()),
            "Bearer": (b"Authorization", b"Bearer " + key.encode()),
            "Basic": (b"Authorization", b"Basic " + base64.b64encode(f"me:{key}".encode())),
        }
        response = locked.post("/generate", json=SMALL, headers=[credentials[way]])
        assert response.status_code == expected, (way, key)


@pytest.mark.parametrize("value", ["Basic !!!", "Basic", "Bearer", "Digest x", "Basic dXNlcg=="])
def test_a_malformed_authorization_is_refused(value: str, locked: TestClient) -> None:
    assert locked.get("/", headers={"Authorization": value}).status_code == 401


def test_the_key_is_not_logged(locked: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    locked.get("/", headers=[(b"X-API-Key", KEY.encode())])
    assert KEY not in caplog.text


def test_without_the_requirement_no_key_is_needed(start_api: StartApi) -> None:
    assert start_api(api_key=KEY).get("/").status_code == 200


def test_credentials_that_are_not_even_ascii_are_refused(locked: TestClient) -> None:
    answer = locked.get("/", headers={b"Authorization": b"Basic \xff\xfe"})

    assert answer.status_code == 401


def test_after_many_wrong_keys_an_address_has_to_wait(start_api: StartApi) -> None:
    locked = start_api(api_key_required=True, api_key=KEY)
    codes = [locked.get("/", headers={"X-API-Key": f"guess {n}"}).status_code for n in range(12)]
    assert codes == [401] * 10 + [429] * 2

    right = locked.get("/", headers=[(b"X-API-Key", KEY.encode())])
    assert right.status_code == 429
    assert right.json()["error_type"] == "rate_limited"
    assert 0 < int(right.headers["Retry-After"]) <= 60
    assert locked.get("/").status_code == 401  # no guess
    assert locked.get("/health").status_code == 200
