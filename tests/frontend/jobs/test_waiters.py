import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from frontend.database.database import Database
from frontend.jobs.model import Job, JobState
from frontend.jobs.queue import JobQueue
from frontend.jobs.store import JobStore
from frontend.jobs.waiters import ShuttingDownError, Waiters
from tests.frontend.conftest import StartApi, new_job, on_both_databases, wait_until
from tests.frontend.fake_triton import FakeTriton

pytestmark = on_both_databases


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database)


def while_waiting(
    store: JobStore, jobs: list[Job], do: Callable[[Waiters], Awaitable[None]]
) -> list[Job | BaseException | None]:
    """Wait for the jobs, each by itself; what each wait has ended with after `do`."""

    async def run() -> list[Job | BaseException | None]:
        waiters = Waiters(store)
        waits = [asyncio.create_task(waiters.wait(job.id)) for job in jobs]
        await asyncio.sleep(0)
        await do(waiters)
        for wait in waits:
            await asyncio.wait([wait], timeout=0.05)
            wait.cancel()
        ends = await asyncio.gather(*waits, return_exceptions=True)
        assert waiters.job_ids == frozenset()
        return ends

    return asyncio.run(run())


def test_a_finished_job_is_handed_to_all_who_wait_for_it(
    store: JobStore, database: Database
) -> None:
    finished, unfinished = new_job(), new_job()
    for job in (finished, unfinished):
        store.add(job, 10)
    store.cancel(finished.id)

    async def hand_over(waiters: Waiters) -> None:
        await waiters.hand_over([finished.id, unfinished.id])

    first, second, other = while_waiting(store, [finished, finished, unfinished], hand_over)

    assert isinstance(first, Job)
    assert first is second
    assert first.state == JobState.CANCELLED
    assert isinstance(other, asyncio.CancelledError)


def test_a_deleted_job_is_handed_over_as_none(store: JobStore) -> None:
    job = new_job()
    store.add(job, 10)
    store.cancel(job.id)
    store.delete(job.id)

    assert while_waiting(store, [job], lambda waiters: waiters.hand_over([job.id])) == [None]


def test_a_shutdown_ends_all_waits(store: JobStore) -> None:
    job = new_job()
    store.add(job, 10)

    async def close(waiters: Waiters) -> None:
        waiters.close()
        with pytest.raises(ShuttingDownError):
            await waiters.wait(job.id)

    (end,) = while_waiting(store, [job], close)

    assert isinstance(end, ShuttingDownError)


def test_the_store_is_not_asked_about_a_job_that_runs_here(
    start_api: StartApi, fake_triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    real = JobStore.finished

    def finished(store: JobStore, job_ids: frozenset[str]) -> dict[str, Job | None]:
        asked.append(job_ids)
        return real(store, job_ids)

    monkeypatch.setattr(JobStore, "finished", finished)
    fake_triton.step_seconds = 0.5

    answer = start_api().post("/generate", json={"prompt": "A cat", "duration": 1})

    assert answer.json()["status"] == "success"
    assert 1 <= len(asked) <= 2  # at the end, and perhaps before it was claimed


def test_a_job_that_another_process_runs_is_handed_over_too(
    start_api: StartApi, store: JobStore, database: Database
) -> None:
    other = JobQueue(database, "another process", max_running=2, lease_seconds=60)
    store.add(new_job(), 10)
    assert other.claim()  # takes the only slot of the process that serves the request
    api = start_api(max_concurrent_jobs=1)

    def run_elsewhere() -> None:
        wait_until(other.has_work)
        job = other.claim()
        assert job
        other.complete(job, frames_generated=8)

    with ThreadPoolExecutor() as threads:
        threads.submit(run_elsewhere)
        answer = api.post("/generate", json={"prompt": "A cat", "duration": 1})

    assert (answer.json()["status"], answer.json()["frames_generated"]) == ("success", 8)
