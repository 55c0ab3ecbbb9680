from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from frontend.api.rate_limit import CountedRequest, RateLimiter
from frontend.app import create_app
from frontend.database.database import Database
from tests.frontend.api_process import running
from tests.frontend.conftest import MakeSettings, on_both_databases
from tests.frontend.fake_triton import FakeTriton


@on_both_databases
def test_the_limit_holds_for_simultaneous_requests(database: Database) -> None:
    limiter = RateLimiter(database, per_minute=5)
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(limiter.retry_after, ["client"] * 16))
    assert waits.count(None) == 5


@on_both_databases
def test_each_client_has_its_own_limit(database: Database) -> None:
    limiter = RateLimiter(database, per_minute=1)
    assert limiter.retry_after("first") is None
    assert limiter.retry_after("second") is None
    assert limiter.retry_after("first") is not None


@on_both_databases
def test_the_minute_slides(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("frontend.api.rate_limit.time.time", lambda: now)
    limiter = RateLimiter(database, per_minute=2)
    assert limiter.retry_after("client") is None
    now += 40
    assert limiter.retry_after("client") is None
    assert limiter.retry_after("client") == 20
    now += 20
    assert limiter.retry_after("client") is None
    assert limiter.retry_after("client") == 40


@on_both_databases
def test_a_clock_that_is_set_back_locks_nobody_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 10_000.0
    monkeypatch.setattr("frontend.api.rate_limit.time.time", lambda: now)
    limiter = RateLimiter(database, per_minute=1)
    assert limiter.retry_after("client") is None
    now -= 7200
    assert limiter.retry_after("client") is None


def test_a_long_address_is_counted_by_its_beginning(make_settings: MakeSettings) -> None:
    settings = make_settings(enable_rate_limit=True, rate_limit_per_minute=1)
    with TestClient(
        create_app(settings), base_url="http://localhost", client=("x" * 500, 50000)
    ) as api:
        assert api.post("/generate", json={"prompt": ""}).status_code == 400
        assert api.post("/generate", json={"prompt": ""}).status_code == 429
    database = Database(settings.job_store_url)
    with database.transaction() as session:
        assert session.scalars(select(CountedRequest.client)).all() == ["x" * 64]
    database.close()


def test_the_address_that_requests_are_counted_by_cannot_be_chosen(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    with running(fake_triton, tmp_path, ENABLE_RATE_LIMIT="true", RATE_LIMIT_PER_MINUTE="2") as api:
        codes = [
            api.http.post(
                "/generate", json={"prompt": ""}, headers={"X-Forwarded-For": f"10.0.0.{number}"}
            ).status_code
            for number in range(3)
        ]

    assert codes == [400, 400, 429]


def test_behind_a_proxy_that_is_named_its_clients_are_counted(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    limits = {"ENABLE_RATE_LIMIT": "true", "RATE_LIMIT_PER_MINUTE": "1"}
    with running(fake_triton, tmp_path, FORWARDED_ALLOW_IPS="127.0.0.1", **limits) as api:
        codes = [
            api.http.post(
                "/generate", json={"prompt": ""}, headers={"X-Forwarded-For": address}
            ).status_code
            for address in ("10.0.0.1", "10.0.0.2", "10.0.0.1")
        ]

    assert codes == [400, 400, 429]
