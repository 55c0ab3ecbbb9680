from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from frontend.app import create_app
from frontend.database import Database
from frontend.rate_limit import CountedRequest, RateLimiter
from tests.frontend.conftest import MakeSettings


def test_the_limit_holds_for_simultaneous_requests(database: Database) -> None:
    limiter = RateLimiter(database, per_minute=5)
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(limiter.retry_after, ["client"] * 16))
    assert waits.count(None) == 5


def test_each_client_has_its_own_limit(database: Database) -> None:
    limiter = RateLimiter(database, per_minute=1)
    assert limiter.retry_after("first") is None
    assert limiter.retry_after("second") is None
    assert limiter.retry_after("first") is not None


def test_the_minute_slides(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("frontend.rate_limit.time.time", lambda: now)
    limiter = RateLimiter(database, per_minute=2)
    assert limiter.retry_after("client") is None
    now += 40
    assert limiter.retry_after("client") is None
    assert limiter.retry_after("client") == 20
    now += 20
    assert limiter.retry_after("client") is None
    assert limiter.retry_after("client") == 40


def test_a_long_address_is_counted_by_its_beginning(make_settings: MakeSettings) -> None:
    settings = make_settings(enable_rate_limit=True, rate_limit_per_minute=1)
    with TestClient(create_app(settings), client=("x" * 500, 50000)) as api:
        assert api.post("/generate", json={"prompt": ""}).status_code == 400
        assert api.post("/generate", json={"prompt": ""}).status_code == 429
    database = Database(settings.job_store_url)
    with database.transaction() as session:
        assert session.scalars(select(CountedRequest.client)).all() == ["x" * 64]
    database.close()
