import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from frontend.database.database import Database
from frontend.jobs.model import JobState
from frontend.jobs.queue import JobQueue
from frontend.jobs.store import JobStore, QueueFullError
from tests.frontend.conftest import new_job, on_both_databases

pytestmark = on_both_databases


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database)


def test_a_job_gets_an_id_of_128_random_bits(store: JobStore) -> None:
    job = new_job()
    store.add(job, 10)
    assert len(job.id) == 32
    assert int(job.id, 16) >= 0
    stored = store.get(job.id)
    assert stored
    assert (stored.spec.prompt, stored.spec.seed, stored.state) == (
        job.spec.prompt,
        job.spec.seed,
        JobState.QUEUED,
    )


def test_only_so_many_jobs_are_admitted_even_all_at_once(store: JobStore) -> None:
    def add(_: int) -> bool:
        try:
            store.add(new_job(), 5)
        except QueueFullError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(add, range(16))) == 5


def test_the_queue_position_counts_the_jobs_ahead(store: JobStore) -> None:
    jobs = [new_job(created_at=time.time() + number) for number in range(3)]
    for job in jobs:
        store.add(job, 10)
    assert [store.queue_position(job) for job in jobs] == [1, 2, 3]


def test_a_queued_job_is_cancelled_at_once(store: JobStore) -> None:
    job = new_job()
    store.add(job, 10)
    cancelled = store.cancel(job.id)
    assert cancelled
    assert cancelled.state == JobState.CANCELLED
    assert cancelled.completed_at


def test_a_running_job_is_marked_for_its_worker(database: Database, store: JobStore) -> None:
    store.add(new_job(), 10)
    job = JobQueue(database, "worker", 1).claim()
    assert job
    cancelled = store.cancel(job.id)
    assert cancelled
    assert (cancelled.state, cancelled.cancel_requested) == (JobState.RUNNING, True)


def test_an_unknown_job_is_none(store: JobStore) -> None:
    assert store.get("00000000") is None
    assert store.cancel("00000000") is None


def test_recent_jobs_come_newest_first(store: JobStore) -> None:
    jobs = [new_job(created_at=float(number)) for number in range(4)]
    for job in jobs:
        store.add(job, 10)
    assert [job.id for job in store.recent(2)] == [jobs[3].id, jobs[2].id]


def test_a_job_survives_the_worker_that_accepted_it(database: Database, store: JobStore) -> None:
    job = new_job()
    store.add(job, 10)
    database.close()
    assert store.get(job.id)
