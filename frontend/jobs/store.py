"""The jobs as the API sees them: add, look up, list, cancel, delete."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import JSON, and_, delete, desc, func, literal, select, tuple_, type_coerce, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from frontend.database.database import Database
from frontend.jobs.model import FINISHED, Job, JobState, Webhook, new_job_id, video_name
from frontend.jobs.observer import UNOBSERVED, JobObserver
from ltx_triton.video_spec import VideoSpec

ADMISSION = "admission"


class QueueFullError(Exception):
    """The maximum number of jobs is waiting."""


class KeyReusedError(Exception):
    """The idempotency key belongs to another request."""


class UnknownCursorError(Exception):
    """A list cannot begin behind a job that does not exist."""


class QuotaExceededError(Exception):
    """The videos, with those that waiting jobs will make, take too much."""


@dataclass(frozen=True)
class JobFilter:
    """Which jobs to list, and in which order."""

    states: Collection[JobState] = ()  # none: any
    text: str = ""  # in the prompt, in any case
    since: float = 0.0  # seconds since the epoch
    oldest_first: bool = False

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.states:
            yield Job.state.in_(self.states)
        if self.text:
            prompt = type_coerce(Job.spec, JSON)["prompt"].as_string()
            yield prompt.icontains(self.text, autoescape=True)
        if self.since:
            yield Job.created_at >= self.since


@dataclass(frozen=True)
class JobPage:
    jobs: Sequence[Job]
    has_more: bool


@dataclass(frozen=True)
class JobStore:
    """Methods block: call them in a thread."""

    database: Database
    observer: JobObserver = UNOBSERVED

    def add(
        self,
        job: Job,
        max_unfinished: int,
        exceeds_quota: Callable[[Iterable[VideoSpec]], bool] = lambda _: False,
    ) -> Job:
        """Queue the job and give it an ID, unless an earlier one has its idempotency key.

        Args:
            max_unfinished: of jobs that are queued or running.
            exceeds_quota: whether the videos of these specs, all unfinished ones, are too much.

        Returns:
            The job, or the earlier one.

        Raises:
            KeyReusedError: the request of the earlier job was another one.
            QueueFullError: `max_unfinished` jobs are queued or running already.
            QuotaExceededError: the job's video may be too much.
            StoreLostError: the job would be lost with the store.
        """
        self.database.require_file()
        with self.database.exclusive(ADMISSION) as session:
            if earlier := _earlier(session, job.idempotency_key, job.request_sha256):
                return earlier
            unfinished = session.scalar(
                select(func.count()).select_from(Job).where(Job.state.not_in(FINISHED))
            )
            if (unfinished or 0) >= max_unfinished:
                raise QueueFullError
            promised = session.scalars(select(Job.spec).where(Job.state.not_in(FINISHED)))
            if exceeds_quota([job.spec, *promised]):
                raise QuotaExceededError
            job.id = new_job_id()
            while session.get(Job, job.id):
                job.id = new_job_id()
            session.add(job)
        return job

    def repeated(self, key: str | None, request_sha256: str | None) -> Job | None:
        """Return the job that an earlier request with this idempotency key made.

        Raises:
            KeyReusedError: that request was another one.
        """
        with self.database.transaction() as session:
            return _earlier(session, key, request_sha256)

    def get(self, job_id: str) -> Job | None:
        with self.database.transaction() as session:
            return session.get(Job, job_id)

    def find(self, jobs: JobFilter, limit: int, after: str | None = None) -> JobPage:
        """Return jobs by their age, beginning behind the one of the ID `after`.

        Raises:
            UnknownCursorError: `after` is the ID of no job.
        """
        age = tuple_(Job.created_at, Job.id)
        found = select(Job).where(*jobs.conditions())
        with self.database.transaction() as session:
            if after is not None:
                last = session.get(Job, after)
                if last is None:
                    raise UnknownCursorError(after)
                seen = tuple_(literal(last.created_at), literal(last.id))
                found = found.where(age > seen if jobs.oldest_first else age < seen)
            order = (Job.created_at, Job.id)
            ordered = found.order_by(*(order if jobs.oldest_first else map(desc, order)))
            rows = session.scalars(ordered.limit(limit + 1)).all()
        return JobPage(rows[:limit], has_more=len(rows) > limit)

    def queued_and_running(self) -> Sequence[Job]:
        """Return the jobs in the order in which they run."""
        with self.database.transaction() as session:
            return session.scalars(
                select(Job)
                .where(Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
                .order_by(Job.created_at, Job.id)
            ).all()

    def latest_completed(self, limit: int) -> Sequence[Job]:
        """Return the jobs that were created last, of those that are completed."""
        with self.database.transaction() as session:
            return session.scalars(
                select(Job)
                .where(Job.state == JobState.COMPLETED)
                .order_by(Job.created_at.desc())
                .limit(limit)
            ).all()

    def cancel(self, job_id: str) -> bool:
        """Cancel a queued job at once; ask the worker of a running one to stop it.

        Returns:
            Whether the job was queued, and is cancelled by this.
        """
        with self.database.transaction() as session:
            cancelled = self._cancel_queued(session, job_id)
            session.execute(
                update(Job)
                .where(Job.id == job_id, Job.state == JobState.RUNNING)
                .values(cancel_requested=True)
            )
            # The job may have returned to the queue between the two statements.
            cancelled = self._cancel_queued(session, job_id) or cancelled
        if cancelled:
            self.observer.job_finished(JobState.CANCELLED, None)
        return cancelled

    def unfinished(self) -> dict[str, int]:
        """Count the jobs by state, without finished ones."""
        with self.database.transaction() as session:
            rows = session.execute(
                select(Job.state, func.count())
                .where(Job.state.not_in(FINISHED))
                .group_by(Job.state)
            )
            return dict(rows.all())

    def video_names(self) -> dict[str, bool]:
        """Return the name of every job's video, and whether the job is completed."""
        with self.database.transaction() as session:
            rows = session.execute(select(Job.id, Job.created_at, Job.state))
            return {
                video_name(job_id, created_at): state == JobState.COMPLETED
                for job_id, created_at, state in rows
            }

    def finished(self, job_ids: Collection[str]) -> dict[str, Job | None]:
        """Return the finished ones of the jobs; None for a deleted job."""
        with self.database.transaction() as session:
            unfinished = session.scalars(
                select(Job.id).where(Job.id.in_(job_ids), Job.state.not_in(FINISHED))
            )
            return {
                job_id: session.get(Job, job_id) for job_id in {*job_ids}.difference(unfinished)
            }

    def finished_before(self, moment: float) -> list[Job]:
        """Return the jobs that finished before `moment`."""
        with self.database.transaction() as session:
            return list(
                session.scalars(
                    select(Job).where(Job.state.in_(FINISHED), Job.completed_at < moment)
                )
            )

    def running_attempts(self) -> set[tuple[str, int]]:
        """Return ID and attempt of every running job, of any worker."""
        with self.database.transaction() as session:
            rows = session.execute(
                select(Job.id, Job.attempts).where(Job.state == JobState.RUNNING)
            )
            return {(job_id, attempts) for job_id, attempts in rows}

    def delete(self, job_id: str) -> bool:
        """Delete a finished job; return whether it was there."""
        is_finished = and_(Job.id == job_id, Job.state.in_(FINISHED))
        with self.database.transaction() as session:
            session.execute(
                delete(Webhook).where(Webhook.job_id.in_(select(Job.id).where(is_finished)))
            )
            deleted = session.scalar(delete(Job).where(is_finished).returning(Job.id))
        return deleted is not None

    def _cancel_queued(self, session: Session, job_id: str) -> bool:
        cancelled = session.scalar(
            update(Job)
            .where(Job.id == job_id, Job.state == JobState.QUEUED)
            .values(state=JobState.CANCELLED, completed_at=time.time())
            .returning(Job.id)
        )
        return cancelled is not None


def _earlier(session: Session, key: str | None, request_sha256: str | None) -> Job | None:
    if key is None:
        return None
    job = session.scalar(select(Job).where(Job.idempotency_key == key))
    if job and job.request_sha256 != request_sha256:
        raise KeyReusedError(key)
    return job
