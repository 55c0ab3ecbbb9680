"""The jobs as a worker sees them: claim, renew, report, finish, release.

A worker owns a job by a lease that it renews. Every update requires that it still owns the job, so
a worker that was believed dead cannot disturb its successor.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Update, and_, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from frontend.database.database import Database
from frontend.jobs import transitions
from frontend.jobs.model import FINISHED, MAX_ATTEMPTS, FailureKind, Job, JobState
from frontend.jobs.observer import UNOBSERVED, JobObserver
from ltx_triton.contract import Progress
from ltx_triton.video_spec import VideoSpec

CLAIM = "claim"

Fits = Callable[[Sequence[VideoSpec], VideoSpec], bool]  # the running ones, and the next

_LONGEST_DELAY = 60.0  # seconds; a later moment was written when the clock was later


@dataclass(frozen=True)
class OwnedJobs:
    """IDs of the jobs that a worker owns, and of those among them that it is asked to cancel."""

    ids: frozenset[str]
    to_cancel: frozenset[str]


@dataclass(frozen=True)
class JobQueue:
    """Methods block: call them in a thread."""

    database: Database
    worker_id: str
    max_running: int  # over all workers
    lease_seconds: float = 10.0
    observer: JobObserver = UNOBSERVED

    def has_work(self) -> bool:
        """Whether a claim may succeed now. Cheap: only reads."""
        with self.database.transaction() as session:
            return bool(session.scalar(select(self._next().exists() & self._has_slot())))

    def claim(self, fits: Fits = lambda _running, _next: True) -> Job | None:
        """Take the oldest queued job, if it fits and fewer than `max_running` run anywhere.

        A job that does not fit yet is not overtaken, or it might wait for ever.
        """
        values = transitions.claimed(self.worker_id, self.lease_seconds)
        with self.database.exclusive(CLAIM) as session:
            found = session.execute(self._next()).first()
            if found is None or not fits(self._running(session), found.spec):
                return None
            return session.scalar(
                update(Job)
                .where(Job.id == found.id, Job.state == JobState.QUEUED, self._has_slot())
                .values(**values)
                .returning(Job)
                .execution_options(synchronize_session=False)
            )

    def renew(self, job_ids: list[str]) -> None:
        """Extend the leases of jobs of this worker."""
        self._execute(
            update(Job)
            .where(
                Job.id.in_(job_ids),
                Job.state == JobState.RUNNING,
                Job.worker_id == self.worker_id,
            )
            .values(lease_expires_at=time.time() + self.lease_seconds)
        )

    def owned(self) -> OwnedJobs:
        with self.database.transaction() as session:
            rows = session.execute(
                select(Job.id, Job.cancel_requested).where(
                    Job.state == JobState.RUNNING, Job.worker_id == self.worker_id
                )
            ).all()
        return OwnedJobs(
            ids=frozenset(job_id for job_id, _ in rows),
            to_cancel=frozenset(job_id for job_id, cancel in rows if cancel),
        )

    def report(self, job: Job, progress: Progress, percent: float) -> None:
        self._execute(
            update(Job)
            .where(self._is_owned(job))
            .values(
                stage=progress.stage.value,
                step=progress.step,
                total_steps=progress.total_steps,
                percent=percent,
                reported_at=time.time(),
            )
        )

    def complete(self, job: Job, **result: Any) -> bool:
        """Finish the job with its result; False if it was cancelled or lost meanwhile."""
        wanted = Job.cancel_requested.is_(False)
        return self._finish(job, JobState.COMPLETED, wanted, **result)

    def fail(self, job: Job, error: str, kind: FailureKind) -> bool:
        return self._finish(job, JobState.FAILED, error=error, error_type=kind)

    def cancel(self, job: Job) -> bool:
        """Finish the job as cancelled, if that was requested."""
        return self._finish(job, JobState.CANCELLED, Job.cancel_requested.is_(True))

    def retry(self, job: Job, reason: str, delay: float) -> str | None:
        """Queue a job again whose engine was lost, or fail it after its last attempt.

        Returns:
            Its new state, or None if this worker no longer owns it.
        """
        if job.attempts >= MAX_ATTEMPTS:
            if self.cancel(job):
                return JobState.CANCELLED
            return self._give_back(job, transitions.exhausted(reason))
        return self._give_back(job, transitions.requeued() | {"not_before": time.time() + delay})

    def release(self, job: Job) -> str | None:
        """Queue a job again that this worker stops; it does not count as an attempt.

        Returns:
            Its new state, or None if this worker no longer owns it.
        """
        return self._give_back(job, transitions.requeued() | {"attempts": Job.attempts - 1})

    def reclaim_expired(self, held: Collection[str] = ()) -> bool:
        """Queue the jobs of dead workers again, or fail them after their last attempt.

        Args:
            held: jobs that this worker runs, whatever has become of their leases.
        """
        now = time.time()
        # No worker writes a lease that ends so late, unless the clock was later then.
        impossible = Job.lease_expires_at > now + 2 * self.lease_seconds
        expired = and_(
            Job.state == JobState.RUNNING,
            Job.id.not_in(held),
            or_(Job.lease_expires_at < now, impossible),
        )
        with self.database.transaction() as session:
            if not session.scalar(select(select(Job.id).where(expired).exists())):
                return False
        last_attempt = and_(Job.attempts >= MAX_ATTEMPTS, Job.cancel_requested.is_(False))
        failed = self._execute(
            update(Job).where(expired, last_attempt).values(**transitions.exhausted())
        )
        requeued = self._execute(update(Job).where(expired).values(**transitions.requeued()))
        return bool(failed or requeued)

    def _give_back(self, job: Job, values: dict[str, Any]) -> str | None:
        changed = self._execute(update(Job).where(self._is_owned(job)).values(**values))
        return next(iter(changed), None)

    def _finish(
        self, job: Job, state: JobState, *conditions: ColumnElement[bool], **values: Any
    ) -> bool:
        changed = self._execute(
            update(Job)
            .where(self._is_owned(job), *conditions)
            .values(state=state, completed_at=time.time(), **values)
        )
        return bool(changed)

    def _next(self) -> Select[str, VideoSpec]:
        now = time.time()
        is_due = or_(Job.not_before <= now, Job.not_before > now + _LONGEST_DELAY)
        return (
            select(Job.id, Job.spec)
            .where(Job.state == JobState.QUEUED, is_due)
            .order_by(Job.created_at, Job.id)
            .limit(1)
        )

    def _running(self, session: Session) -> Sequence[VideoSpec]:
        return session.scalars(select(Job.spec).where(Job.state == JobState.RUNNING)).all()

    def _has_slot(self) -> ColumnElement[bool]:
        running = select(func.count()).select_from(Job).where(Job.state == JobState.RUNNING)
        return running.scalar_subquery() < self.max_running

    def _is_owned(self, job: Job) -> ColumnElement[bool]:
        return and_(
            Job.id == job.id,
            Job.state == JobState.RUNNING,
            Job.worker_id == self.worker_id,
            Job.attempts == job.attempts,
        )

    def _execute(self, statement: Update) -> list[str]:
        """Return the new states of the jobs that were changed."""
        with self.database.transaction() as session:
            changed = session.execute(
                statement.returning(Job.state, Job.error_type).execution_options(
                    synchronize_session=False
                )
            ).all()
        for state, error_type in changed:
            if state in FINISHED:
                self.observer.job_finished(state, error_type)
        return [state for state, _ in changed]
