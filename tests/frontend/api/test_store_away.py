"""Answers and jobs while the job store is away, locked, or lost."""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.frontend.conftest import SMALL, StartApi, post, wait_for, wait_until
from tests.frontend.fake_triton import FakeTriton
from tests.postgres import Postgres, find_postgres


def is_refused(api: TestClient, method: str, path: str, **options: Any) -> bool:
    started = time.monotonic()
    answer = api.request(method, path, **options)
    if answer.status_code != 503:
        return False
    assert answer.json()["error_type"] == "store_unavailable"
    assert answer.headers["Retry-After"] == "5"
    assert time.monotonic() - started < 4  # a try, and a second one of the connection's own
    return True


def test_a_locked_store_is_answered_soon_and_jobs_wait_for_it(
    api: TestClient, fake_triton: FakeTriton, output_dir: Path
) -> None:
    fake_triton.step_seconds = 0.1
    job_id = post(api)
    wait_until(lambda: bool(fake_triton.seen))
    with closing(sqlite3.connect(output_dir / "jobs.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert is_refused(api, "POST", "/generate", json=SMALL)
        time.sleep(1)
        other.execute("ROLLBACK")

    assert wait_for(api, job_id, "completed")["attempts"] == 1
    wait_for(api, post(api), "completed")


@pytest.mark.slow
def test_a_database_that_is_away_for_longer_than_the_lease_costs_nothing(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    programs = find_postgres()
    if programs is None:
        pytest.skip("no PostgreSQL found: apt install postgresql")
    fake_triton.step_seconds = 1
    with Postgres(programs) as server:
        url = server.create_database()
        first, second = (start_api(database_url=url, max_concurrent_jobs=2) for _ in range(2))
        jobs = [post(api) for api in (first, second)]
        wait_until(lambda: len(fake_triton.seen) == 2)

        server.stop()
        assert is_refused(first, "POST", "/generate", json=SMALL)
        assert is_refused(first, "GET", f"/status/{jobs[0]}")
        health = first.get("/health")
        assert health.status_code == 503
        assert health.json()["reason"] == "the job store does not answer"
        page = first.get("/status")
        assert page.status_code == 200
        assert "The job store does not answer" in page.text
        assert "<dt>Jobs</dt>" not in page.text
        metrics = first.get("/metrics")
        assert metrics.status_code == 200
        assert "ltx_jobs{" not in metrics.text
        time.sleep(12)
        server.start()

        for job_id in jobs:
            assert wait_for(first, job_id, "completed")["attempts"] == 1
        assert len(fake_triton.seen) == 2
        assert first.get("/health").status_code == 200
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_store_whose_file_was_removed_or_replaced_takes_no_jobs(
    is_replaced: bool, api: TestClient, output_dir: Path
) -> None:
    wait_for(api, post(api), "completed")
    kept = output_dir / "kept.db"
    (output_dir / "jobs.db").rename(kept)
    if is_replaced:
        shutil.copy(kept, output_dir / "jobs.db")

    assert is_refused(api, "POST", "/generate", json=SMALL)
    health = api.get("/health")
    assert health.status_code == 503
    assert "removed or replaced" in health.json()["reason"]

    kept.rename(output_dir / "jobs.db")
    assert api.get("/health").status_code == 200
    wait_for(api, post(api), "completed")
