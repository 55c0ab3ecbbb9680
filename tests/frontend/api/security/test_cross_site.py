import pytest
from starlette.testclient import TestClient

from tests.frontend.conftest import SMALL, StartApi

OWN = "http://localhost"
SITE = "https://site.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
    ],
)
def test_the_pages_of_other_sites_cannot_make_or_cancel_videos(
    headers: dict[str, str], api: TestClient
) -> None:
    for method, path in (("POST", "/generate"), ("DELETE", "/jobs/0badc0de")):
        refused = api.request(method, path, json=SMALL, headers=headers)
        assert refused.status_code == 403
        assert refused.json()["error_type"] == "forbidden"
        assert "Access-Control-Allow-Origin" not in refused.headers
    assert api.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},  # curl
        {"Sec-Fetch-Site": "same-origin", "Origin": OWN},
        {"Sec-Fetch-Site": "none"},
        {"Origin": OWN},  # over plain HTTP, from another machine
        # Behind a proxy that does not pass the host on.
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://videos.example.org"},
    ],
)
def test_own_pages_and_other_clients_can(headers: dict[str, str], api: TestClient) -> None:
    assert api.post("/generate", json=SMALL, headers=headers).status_code == 202


def test_the_pages_of_named_origins_can(start_api: StartApi) -> None:
    api = start_api(cors_origins=f"{SITE}, http://localhost:3000")

    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST"}
    allowed = api.options("/generate", headers=asked)
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == SITE
    posted = api.post(
        "/generate", json=SMALL, headers={"Origin": SITE, "Sec-Fetch-Site": "cross-site"}
    )
    assert posted.status_code == 202
    assert posted.headers["Access-Control-Allow-Origin"] == SITE


def test_the_pages_of_all_other_origins_still_cannot(start_api: StartApi) -> None:
    api = start_api(cors_origins=SITE)

    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert "Access-Control-Allow-Origin" not in api.options("/generate", headers=asked).headers
    posted = api.post("/generate", json=SMALL, headers={"Origin": "https://evil.example"})
    assert posted.status_code == 403


def test_an_asterisk_allows_every_origin(start_api: StartApi) -> None:
    api = start_api(cors_origins="*")

    posted = api.post("/generate", json=SMALL, headers={"Origin": "https://evil.example"})
    assert posted.status_code == 202
    assert posted.headers["Access-Control-Allow-Origin"] == "*"


def test_a_page_of_a_named_origin_is_told_that_a_key_is_needed(start_api: StartApi) -> None:
    api = start_api(cors_origins=SITE, api_key_required=True, api_key="k" * 32)

    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "X-API-Key"
    assert api.options("/generate", headers=asked).status_code == 200
    refused = api.post("/generate", json=SMALL, headers={"Origin": SITE})
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == SITE
