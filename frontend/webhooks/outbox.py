"""The webhooks as a worker sees them: claim one that is due, record what came of it.

A claim is a lease of the row: when it has expired, the worker is believed dead and the webhook is
due again.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import and_, or_, select, update

from frontend.database.database import Database
from frontend.jobs.model import FINISHED, Job, Webhook, WebhookState


def webhook_to(url: str | None) -> Webhook | None:
    """Create the webhook of a job that is not stored yet."""
    return Webhook(url=url, host=httpx.URL(url).host) if url else None


@dataclass(frozen=True)
class Delivery:
    """One try to send a webhook."""

    job: Job  # finished
    webhook: Webhook


@dataclass(frozen=True)
class Outbox:
    """Methods block: call them in a thread."""

    database: Database
    lease_seconds: float
    longest_delay: float  # seconds

    def claim(self, busy_hosts: Collection[str] = ()) -> Delivery | None:
        """Take a webhook of a finished job that is due. Cheap without one: only reads."""
        now = time.time()
        # No worker writes so late a moment, unless the clock was later then.
        impossible = Webhook.next_at > now + 2 * self.longest_delay
        is_due = and_(
            Webhook.state == WebhookState.PENDING, or_(Webhook.next_at <= now, impossible)
        )
        with self.database.transaction() as session:
            job_id = session.scalar(
                select(Webhook.job_id)
                .join(Job)
                .where(is_due, Job.state.in_(FINISHED), Webhook.host.not_in(busy_hosts))
                .order_by(Webhook.next_at)
                .limit(1)
            )
            if job_id is None:
                return None
            # Another worker may have taken it by now.
            webhook = session.scalar(
                update(Webhook)
                .where(Webhook.job_id == job_id, is_due)
                .values(next_at=now + self.lease_seconds, attempts=Webhook.attempts + 1)
                .returning(Webhook)
                .execution_options(synchronize_session=False)
            )
            return Delivery(session.get_one(Job, job_id), webhook) if webhook else None

    def finish(self, delivery: Delivery, state: WebhookState) -> None:
        self._record(delivery, state=state)

    def postpone(self, delivery: Delivery, seconds: float) -> None:
        self._record(delivery, next_at=time.time() + seconds)

    def _record(self, delivery: Delivery, **values: Any) -> None:
        """Write the values, unless another worker has claimed the webhook since."""
        webhook = delivery.webhook
        with self.database.transaction() as session:
            session.execute(
                update(Webhook)
                .where(
                    Webhook.job_id == webhook.job_id,
                    Webhook.state == WebhookState.PENDING,
                    Webhook.attempts == webhook.attempts,
                )
                .values(**values)
                .execution_options(synchronize_session=False)
            )
