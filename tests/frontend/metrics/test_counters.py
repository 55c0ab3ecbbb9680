"""Ends that no request shows, and workers that are processes of their own."""

from pathlib import Path

import httpx
import psutil
import pytest

from frontend.database.database import Database
from frontend.jobs.model import MAX_ATTEMPTS, Job
from frontend.jobs.queue import JobQueue
from frontend.jobs.store import JobStore
from frontend.metrics.counters import JobCounters, counts
from tests.frontend.api_process import running
from tests.frontend.conftest import new_job, wait_until
from tests.frontend.fake_triton import FakeTriton
from tests.frontend.metrics.page import Growth, read

FINISHED = "ltx_jobs_finished_total"


@pytest.fixture
def growth() -> Growth:
    return Growth(lambda: counts().decode())


@pytest.fixture
def left_behind(database: Database) -> Job:
    """A job whose worker has died in its last attempt."""
    job = new_job(attempts=MAX_ATTEMPTS - 1)
    JobStore(database).add(job, 10)
    claimed = JobQueue(database, "dead worker", max_running=4, lease_seconds=-1).claim()
    assert claimed
    return claimed


def test_a_job_is_counted_by_who_gives_it_up(
    database: Database, left_behind: Job, growth: Growth
) -> None:
    others = [
        JobQueue(database, f"worker {number}", max_running=4, observer=JobCounters())
        for number in range(2)
    ]

    assert [other.reclaim_expired() for other in others] == [True, False]

    assert growth(FINISHED, state="failed", error_type="generation_error") == 1


def test_a_cancelled_job_of_a_dead_worker_is_counted(
    database: Database, left_behind: Job, growth: Growth
) -> None:
    JobStore(database, JobCounters()).cancel(left_behind.id)
    assert growth(FINISHED, state="cancelled") == 0

    JobQueue(database, "worker", max_running=4, observer=JobCounters()).reclaim_expired()

    assert growth(FINISHED, state="cancelled") == 1


def test_a_job_that_goes_back_to_the_queue_is_not_over(database: Database, growth: Growth) -> None:
    queue = JobQueue(database, "worker", max_running=4, observer=JobCounters())
    JobStore(database).add(new_job(), 10)
    job = queue.claim()
    assert job

    queue.renew([job.id])
    queue.release(job)

    states = ("queued", "running", "cancelled", "completed")
    assert [growth(FINISHED, state=state) for state in states] == [0, 0, 0, 0]


def test_a_job_that_is_cancelled_instead_of_queued_again_is_over(
    database: Database, growth: Growth
) -> None:
    store = JobStore(database)
    queue = JobQueue(database, "worker", max_running=4, observer=JobCounters())
    for give_back in (queue.release, lambda job: queue.retry(job, "connection lost", 0)):
        store.add(new_job(), 10)
        job = queue.claim()
        assert job
        store.cancel(job.id)
        give_back(job)

    assert growth(FINISHED, state="cancelled") == 2


@pytest.mark.slow
def test_every_worker_tells_what_all_have_counted_even_those_that_died(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    with running(fake_triton, tmp_path, API_WORKERS="2") as api:

        def completed() -> float:
            # Each time over a connection of its own, which any worker may accept.
            answer = httpx.get(f"http://127.0.0.1:{api.port}/metrics", timeout=30)
            return read(answer.text)[FINISHED, frozenset({("state", "completed")})]

        jobs = [api.post() for _ in range(6)]
        wait_until(lambda: all(api.status(job_id) == "completed" for job_id in jobs))
        assert {completed() for _ in range(12)} == {6}

        workers = psutil.Process(api.process.pid).children()
        assert len(workers) >= 2
        for worker in workers:
            worker.kill()
        assert {completed() for _ in range(12)} == {6}  # from their successors
