from concurrent.futures import ThreadPoolExecutor

import pytest

from frontend.database import Database
from frontend.rate_limit import RateLimiter


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
