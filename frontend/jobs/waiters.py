"""Let requests of this process wait for jobs to finish."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from frontend.jobs.model import Job
from frontend.jobs.store import JobStore


class ShuttingDownError(Exception):
    """This process stops before the job has finished."""


class Waiters:
    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._futures: dict[str, set[asyncio.Future[Job | None]]] = defaultdict(set)
        self._closed = False

    @property
    def job_ids(self) -> frozenset[str]:
        """Jobs that somebody waits for."""
        return frozenset(self._futures)

    async def wait(self, job_id: str) -> Job | None:
        """Wait until the job has finished; None if it has been deleted.

        Raises:
            ShuttingDownError: this process stops.
        """
        if self._closed:
            raise ShuttingDownError
        future = asyncio.get_running_loop().create_future()
        self._futures[job_id].add(future)
        try:
            job: Job | None = await future
        finally:
            self._futures[job_id].discard(future)
            if not self._futures[job_id]:
                del self._futures[job_id]
        return job

    async def hand_over(self, job_ids: Iterable[str]) -> None:
        """Give finished jobs to the requests that wait for them."""
        awaited = self.job_ids.intersection(job_ids)
        if not awaited:
            return
        for job_id, job in (await asyncio.to_thread(self._store.finished, awaited)).items():
            for future in self._futures.get(job_id, ()):
                if not future.done():
                    future.set_result(job)

    def close(self) -> None:
        """Raise ShuttingDownError in all requests that wait, and in those to come."""
        self._closed = True
        for futures in self._futures.values():
            for future in futures:
                if not future.done():
                    future.set_exception(ShuttingDownError())
