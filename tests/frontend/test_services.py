import pytest

from frontend.database.database import Database
from frontend.jobs.storage import VideoFolder
from frontend.services import Intervals
from tests.frontend.conftest import StartApi, finished_job, wait_until


def test_expired_jobs_are_removed_at_the_start(database: Database, start_api: StartApi) -> None:
    job = finished_job(database, days_ago=3)

    api = start_api(cleanup_after_days=2)

    wait_until(lambda: api.get(f"/status/{job.id}").status_code == 404)


def test_an_error_while_cleaning_does_not_end_the_cleaning(
    start_api: StartApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[None] = []

    def broken(*_: object) -> int:
        calls.append(None)
        raise RuntimeError("broken")

    monkeypatch.setattr(VideoFolder, "clean", broken)

    start_api(intervals=Intervals(cleanup=0.01))

    wait_until(lambda: len(calls) > 2)
