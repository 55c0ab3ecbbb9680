import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from frontend.database.database import Database
from frontend.jobs.model import Job, Webhook, WebhookState
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import JobStore
from frontend.services import open_folder
from frontend.webhooks.outbox import Outbox, webhook_to
from tests.frontend.conftest import MakeSettings, finished_job, new_job, on_both_databases

pytestmark = on_both_databases


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database, lease_seconds=30, longest_delay=60)


@pytest.fixture
def folder(make_settings: MakeSettings) -> VideoFolder:
    return open_folder(make_settings())


def finished(database: Database, host: str = "a.example", days_ago: float = 0) -> Job:
    return finished_job(database, days_ago, webhook=webhook_to(f"https://{host}/hook"))


def stored(database: Database, job: Job) -> Webhook | None:
    with database.transaction() as session:
        return session.get(Webhook, job.id)


def change(database: Database, job: Job, **values: float) -> None:
    with database.transaction() as session:
        webhook = session.get_one(Webhook, job.id)
        for name, value in values.items():
            setattr(webhook, name, value)


def test_the_webhook_of_a_finished_job_is_claimed_with_it(
    database: Database, outbox: Outbox
) -> None:
    job = finished(database)
    finished_job(database, days_ago=0)  # without a webhook
    JobStore(database).add(new_job(webhook=webhook_to("https://a.example/")), 10)

    delivery = outbox.claim()

    assert delivery
    assert (delivery.job.id, delivery.job.state) == (job.id, "completed")
    assert delivery.job.webhook is delivery.webhook
    assert (delivery.webhook.url, delivery.webhook.attempts) == ("https://a.example/hook", 1)
    assert outbox.claim() is None


def test_each_is_claimed_once_by_many_at_the_same_time(database: Database, outbox: Outbox) -> None:
    jobs = {finished(database).id for _ in range(8)}

    def claim_all(_: int) -> list[str]:
        claimed = []
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            if delivery := outbox.claim():
                claimed.append(delivery.job.id)
        return claimed

    with ThreadPoolExecutor(4) as threads:
        claimed = [job_id for each in threads.map(claim_all, range(4)) for job_id in each]

    assert sorted(claimed) == sorted(jobs)


def test_one_that_a_dead_worker_has_claimed_is_due_when_its_lease_expires(
    database: Database, outbox: Outbox
) -> None:
    job = finished(database)
    dead = outbox.claim()
    assert dead
    change(database, job, next_at=time.time() - 1)

    delivery = outbox.claim()

    assert delivery
    assert delivery.webhook.attempts == 2
    outbox.finish(dead, WebhookState.FAILED)  # too late
    webhook = stored(database, job)
    assert webhook
    assert webhook.state == "pending"


def test_one_that_was_put_off_is_due_later_and_one_that_is_finished_never(
    database: Database, outbox: Outbox
) -> None:
    job = finished(database)
    delivery = outbox.claim()
    assert delivery
    outbox.postpone(delivery, 40)
    assert outbox.claim() is None

    outbox.postpone(delivery, -1)
    delivery = outbox.claim()
    assert delivery
    outbox.finish(delivery, WebhookState.DELIVERED)
    change(database, job, next_at=0.0)
    assert outbox.claim() is None


def test_a_clock_that_was_set_back_puts_nothing_off_for_long(
    database: Database, outbox: Outbox
) -> None:
    job = finished(database)
    change(database, job, next_at=time.time() + 86_400)

    assert outbox.claim()


def test_those_of_busy_hosts_wait(database: Database, outbox: Outbox) -> None:
    finished(database, "busy.example")
    other = finished(database, "other.example")

    delivery = outbox.claim(["busy.example"])

    assert delivery
    assert delivery.job.id == other.id
    assert outbox.claim(["busy.example"]) is None


def test_they_go_with_their_jobs(database: Database, outbox: Outbox, folder: VideoFolder) -> None:
    store = JobStore(database)
    waiting = store.add(new_job(webhook=webhook_to("https://a.example/")), 10)
    assert not store.delete(waiting.id)
    assert stored(database, waiting)
    store.cancel(waiting.id)
    kept, deleted, expired = finished(database), finished(database), finished(database, days_ago=9)

    assert store.delete(deleted.id)
    folder.clean(store)

    assert [bool(stored(database, job)) for job in (kept, deleted, expired)] == [True, False, False]
