"""Claims, leases and what may be written when, with threads as workers."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from frontend.database.database import Database
from frontend.jobs.model import MAX_ATTEMPTS, FailureKind, Job, JobState
from frontend.jobs.queue import JobQueue
from frontend.jobs.store import JobStore
from ltx_triton.contract import Progress, Stage
from ltx_triton.video_spec import VideoSpec
from tests.frontend.conftest import new_job, on_both_databases

ALL = 1000

pytestmark = on_both_databases


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database)


@pytest.fixture
def queue(database: Database) -> JobQueue:
    return JobQueue(database, "worker", max_running=ALL)


def claimed(store: JobStore, queue: JobQueue) -> Job:
    store.add(new_job(), ALL)
    job = queue.claim()
    assert job
    return job


def claimed_for_the_last_time(store: JobStore, queue: JobQueue) -> Job:
    job = claimed(store, queue)
    job.attempts = MAX_ATTEMPTS
    with queue.database.transaction() as session:
        session.execute(update(Job).where(Job.id == job.id).values(attempts=MAX_ATTEMPTS))
    return job


def state(store: JobStore, job: Job) -> Job:
    stored = store.get(job.id)
    assert stored
    return stored


def let_lease_expire(database: Database, store: JobStore, job: Job) -> None:
    with database.transaction() as session:
        stored = session.get(Job, job.id)
        assert stored
        stored.lease_expires_at = time.time() - 1


def test_jobs_are_claimed_in_the_order_of_their_arrival(store: JobStore, queue: JobQueue) -> None:
    jobs = [new_job() for _ in range(3)]
    for job in jobs:
        store.add(job, ALL)
    claims = [queue.claim() for _ in range(4)]
    assert [job.id if job else None for job in claims] == [*(job.id for job in jobs), None]


def test_a_job_that_does_not_fit_is_not_overtaken(store: JobStore, queue: JobQueue) -> None:
    claimed(store, queue)
    store.add(large := new_job(num_frames=100), ALL)
    store.add(new_job(), ALL)

    def fits(running: Sequence[VideoSpec], spec: VideoSpec) -> bool:
        assert [each.num_frames for each in running] == [8]
        return spec.num_frames < 100

    assert queue.claim(fits) is None
    job = queue.claim()
    assert job
    assert job.id == large.id


def test_every_job_is_claimed_by_exactly_one_of_many_workers(
    database: Database, store: JobStore
) -> None:
    for _ in range(24):
        store.add(new_job(), ALL)

    def claim_all(number: int) -> list[str]:
        queue = JobQueue(database, f"worker {number}", max_running=ALL)
        mine = []
        while job := queue.claim():
            mine.append(job.id)
        return mine

    with ThreadPoolExecutor(8) as threads:
        claims = [job_id for mine in threads.map(claim_all, range(8)) for job_id in mine]
    assert len(claims) == len(set(claims)) == 24


def test_no_more_jobs_run_over_all_workers_than_the_limit(
    database: Database, store: JobStore
) -> None:
    for _ in range(12):
        store.add(new_job(), ALL)
    queues = [JobQueue(database, f"worker {number}", max_running=3) for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        claims = list(threads.map(lambda queue: queue.claim(), queues * 2))
    assert sum(job is not None for job in claims) == 3
    assert not queues[0].has_work()


def test_a_progress_report_is_stored(store: JobStore, queue: JobQueue) -> None:
    job = claimed(store, queue)
    queue.report(job, Progress(Stage.DENOISE, 3, 8, 1.5), 40.0)
    stored = state(store, job)
    assert (stored.stage, stored.step, stored.total_steps) == ("denoise", 3, 8)
    assert stored.percent == 40
    assert stored.reported_at == pytest.approx(time.time(), abs=60)


def test_a_renewed_lease_is_not_taken_over(
    database: Database, store: JobStore, queue: JobQueue
) -> None:
    job = claimed(store, queue)
    let_lease_expire(database, store, job)
    queue.renew([job.id])
    assert not queue.reclaim_expired()
    assert queue.owned().ids == {job.id}


def test_an_expired_lease_puts_the_job_back_for_another_worker(
    database: Database, store: JobStore, queue: JobQueue
) -> None:
    job = claimed(store, queue)
    queue.report(job, Progress(Stage.DENOISE, 3, 8, 1.5), 40.0)
    let_lease_expire(database, store, job)
    successor = JobQueue(database, "successor", max_running=ALL)
    assert successor.reclaim_expired()
    again = successor.claim()
    assert again
    assert (again.percent, again.reported_at) == (0, None)
    assert (again.id, again.attempts, again.spec.seed, again.stage) == (
        job.id,
        2,
        job.spec.seed,
        None,
    )


def test_a_worker_that_lost_its_lease_can_no_longer_write(
    database: Database, store: JobStore, queue: JobQueue
) -> None:
    job = claimed(store, queue)
    let_lease_expire(database, store, job)
    queue.reclaim_expired()
    successor = JobQueue(database, "successor", max_running=ALL)
    successor.claim()
    assert not queue.complete(job, frames_generated=8)
    assert not queue.fail(job, "too late", FailureKind.GENERATION)
    assert not queue.retry(job, "too late", 0)
    assert not queue.release(job)
    assert state(store, job).state == JobState.RUNNING
    assert queue.owned().ids == frozenset()


def test_a_job_fails_after_its_last_attempt_was_interrupted(
    database: Database, store: JobStore, queue: JobQueue
) -> None:
    job = claimed(store, queue)
    for _ in range(MAX_ATTEMPTS - 1):
        let_lease_expire(database, store, job)
        assert queue.reclaim_expired()
        assert queue.claim()
    let_lease_expire(database, store, job)
    assert queue.reclaim_expired()
    stored = state(store, job)
    assert stored.state == JobState.FAILED
    assert "interrupted 3 times" in (stored.error or "")


def test_a_lost_engine_delays_the_next_attempt_and_the_last_one_fails(
    store: JobStore, queue: JobQueue
) -> None:
    job = claimed(store, queue)
    assert queue.retry(job, "connection lost", delay=60) == JobState.QUEUED
    assert queue.claim() is None
    again = claimed_for_the_last_time(store, queue)
    assert queue.retry(again, "connection lost", delay=0) == JobState.FAILED
    assert state(store, again).state == JobState.FAILED
    assert "connection lost" in (state(store, again).error or "")


def test_a_released_job_does_not_lose_an_attempt(store: JobStore, queue: JobQueue) -> None:
    job = claimed(store, queue)
    assert queue.release(job) == JobState.QUEUED
    stored = state(store, job)
    assert (stored.state, stored.attempts, stored.worker_id) == (JobState.QUEUED, 0, None)


def test_a_cancelled_job_does_not_complete(store: JobStore, queue: JobQueue) -> None:
    job = claimed(store, queue)
    store.cancel(job.id)
    assert queue.owned().to_cancel == {job.id}
    assert not queue.complete(job, frames_generated=8)
    assert queue.cancel(job)
    assert state(store, job).state == JobState.CANCELLED


@pytest.mark.parametrize("loss", ["released", "engine lost", "lease expired"])
@pytest.mark.parametrize("is_last_attempt", [False, True])
def test_a_job_that_is_to_be_cancelled_neither_returns_to_the_queue_nor_fails(
    is_last_attempt: bool, loss: str, database: Database, store: JobStore, queue: JobQueue
) -> None:
    job = (claimed_for_the_last_time if is_last_attempt else claimed)(store, queue)
    store.cancel(job.id)
    if loss == "released":
        assert queue.release(job) == JobState.CANCELLED
    elif loss == "engine lost":
        assert queue.retry(job, "connection lost", 0) == JobState.CANCELLED
    else:
        let_lease_expire(database, store, job)
        queue.reclaim_expired()
    stored = state(store, job)
    assert stored.state == JobState.CANCELLED
    assert stored.completed_at


def test_a_worker_does_not_take_its_own_running_jobs_for_those_of_a_dead_one(
    database: Database, store: JobStore, queue: JobQueue
) -> None:
    job = claimed(store, queue)
    let_lease_expire(database, store, job)
    assert not queue.reclaim_expired(held=[job.id])
    assert queue.reclaim_expired(held=[])


def test_moments_from_before_the_clock_was_set_back_are_not_waited_for(
    database: Database, store: JobStore, queue: JobQueue
) -> None:
    running, waiting = claimed(store, queue), claimed(store, queue)
    assert queue.retry(waiting, "connection lost", delay=3600)
    with database.transaction() as session:
        stored = session.get(Job, running.id)
        assert stored
        stored.lease_expires_at = time.time() + 3600

    assert queue.reclaim_expired()

    claims = [queue.claim(), queue.claim()]
    assert {job.id for job in claims if job} == {running.id, waiting.id}
