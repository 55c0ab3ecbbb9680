"""Send the webhooks of finished jobs, again and again until they have arrived."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence

from frontend.jobs.model import Job, WebhookState
from frontend.logs import log_job
from frontend.webhooks.outbox import Delivery, Outbox
from frontend.webhooks.sender import MAX_SENDING, DeliveryError, Sender

MAX_PER_HOST = 4  # at once: a slow receiver leaves room for others

_log = logging.getLogger(__name__)


class Courier:
    """The part of a worker that sends webhooks."""

    def __init__(
        self,
        outbox: Outbox,
        sender: Sender,
        describe: Callable[[Job], str],
        delays: Sequence[float],  # seconds, after the first try, the second, and so on
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._describe = describe
        self._delays = delays
        self._hosts: dict[asyncio.Task[None], str] = {}  # of the deliveries that run

    async def send_due(self) -> None:
        """Begin to send what is due, as far as there is room."""
        while len(self._hosts) < MAX_SENDING:
            counts = Counter(self._hosts.values())
            busy = [host for host, count in counts.items() if count >= MAX_PER_HOST]
            delivery = await asyncio.to_thread(self._outbox.claim, busy)
            if delivery is None:
                return
            task = asyncio.create_task(self._deliver(delivery))
            self._hosts[task] = delivery.webhook.host
            task.add_done_callback(self._hosts.pop)

    async def stop(self) -> None:
        """Leave what is being sent to whom its lease falls."""
        tasks = list(self._hosts)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._sender.close()

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._try(delivery)
        except Exception:  # its lease expires, then it is tried again
            _log.exception("The webhook of job %s could not be sent", delivery.job.id)

    async def _try(self, delivery: Delivery) -> None:
        job, webhook = delivery.job, delivery.webhook
        try:
            # The same ID each time: a receiver sees what it has had already.
            await self._sender.send(webhook.url, f"msg_{job.id}", self._describe(job))
        except DeliveryError as error:
            await self._postpone(delivery, error)
        else:
            await asyncio.to_thread(self._outbox.finish, delivery, WebhookState.DELIVERED)
            log_job(job.id, "webhook delivered", attempt=webhook.attempts)

    async def _postpone(self, delivery: Delivery, error: DeliveryError) -> None:
        job_id, attempts = delivery.job.id, delivery.webhook.attempts
        if error.is_final or attempts > len(self._delays):
            await asyncio.to_thread(self._outbox.finish, delivery, WebhookState.FAILED)
            _log.warning(
                "The webhook of job %s is given up after %d tries: %s", job_id, attempts, error
            )
        else:
            delay = self._delays[attempts - 1]
            await asyncio.to_thread(self._outbox.postpone, delivery, delay)
            log_job(job_id, "webhook postponed", attempt=attempts, seconds=delay, error=str(error))
