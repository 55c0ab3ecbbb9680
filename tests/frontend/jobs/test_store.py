import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from frontend.database.database import Database
from frontend.jobs.model import JobState
from frontend.jobs.queue import JobQueue
from frontend.jobs.store import JobFilter, JobStore, QueueFullError, QuotaExceededError
from ltx_triton.video_spec import VideoSpec
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


def test_unfinished_jobs_and_the_new_one_count_against_the_quota(
    database: Database, store: JobStore
) -> None:
    queue = JobQueue(database, "worker", 10)
    completed, running, queued, new = (new_job(num_frames=frames) for frames in (1, 2, 4, 8))
    for job in (completed, running, queued):
        store.add(job, 10)
    first, _ = queue.claim(), queue.claim()
    assert first
    queue.complete(first)

    def exceed_quota(specs: Iterable[VideoSpec]) -> bool:
        assert sorted(spec.num_frames for spec in specs) == [2, 4, 8]
        return True

    with pytest.raises(QuotaExceededError):
        store.add(new, 10, exceed_quota)

    assert sum(store.unfinished().values()) == 2


def test_unfinished_jobs_come_in_the_order_in_which_they_run(
    database: Database, store: JobStore
) -> None:
    now, queue = time.time(), JobQueue(database, "worker", 2)
    jobs = [store.add(new_job(created_at=now - number), 10) for number in range(4)]
    completed, running = queue.claim(), queue.claim()
    assert completed
    assert running
    queue.complete(completed)
    assert [job.id for job in store.queued_and_running()] == [jobs[i].id for i in (2, 1, 0)]


def test_the_latest_completed_jobs_come_first(database: Database, store: JobStore) -> None:
    now, queue = time.time(), JobQueue(database, "worker", 2)
    jobs = [store.add(new_job(created_at=now + number), 10) for number in range(4)]
    for _ in range(3):
        job = queue.claim()
        assert job
        queue.complete(job)
    assert [job.id for job in store.latest_completed(2)] == [jobs[i].id for i in (2, 1)]


def test_a_queued_job_is_cancelled_at_once(store: JobStore) -> None:
    job = new_job()
    store.add(job, 10)
    assert store.cancel(job.id)
    cancelled = store.get(job.id)
    assert cancelled
    assert cancelled.state == JobState.CANCELLED
    assert cancelled.completed_at
    assert not store.cancel(job.id)


def test_a_running_job_is_marked_for_its_worker(database: Database, store: JobStore) -> None:
    store.add(new_job(), 10)
    job = JobQueue(database, "worker", 1).claim()
    assert job
    assert not store.cancel(job.id)
    marked = store.get(job.id)
    assert marked
    assert (marked.state, marked.cancel_requested) == (JobState.RUNNING, True)


def test_an_unknown_job_is_none(store: JobStore) -> None:
    assert store.get("00000000") is None
    assert not store.cancel("00000000")


def test_recent_jobs_come_newest_first(store: JobStore) -> None:
    jobs = [new_job(created_at=float(number)) for number in range(4)]
    for job in jobs:
        store.add(job, 10)
    assert [job.id for job in store.find(JobFilter(), 2).jobs] == [jobs[3].id, jobs[2].id]


def test_a_job_survives_the_worker_that_accepted_it(database: Database, store: JobStore) -> None:
    job = new_job()
    store.add(job, 10)
    database.close()
    assert store.get(job.id)
