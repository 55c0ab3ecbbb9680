"""What the HTTP API does with jobs: admit, look up, list, cancel, forget."""

import time
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from frontend.database.database import Database
from frontend.jobs.model import FINISHED, Job, JobState, new_job_id
from frontend.metrics.counters import count_ends

ADMISSION = "admission"


class QueueFullError(Exception):
    """As many jobs are waiting as may wait."""


@dataclass(frozen=True)
class JobStore:
    """Jobs as the API sees them. Methods block: call them in a thread."""

    database: Database

    def add(self, job: Job, max_unfinished: int) -> None:
        """Write the job down as queued, and give it its ID.

        Raises:
            QueueFullError: `max_unfinished` jobs are queued or running already.
        """
        with self.database.exclusive(ADMISSION) as session:
            unfinished = session.scalar(
                select(func.count()).select_from(Job).where(Job.state.not_in(FINISHED))
            )
            if (unfinished or 0) >= max_unfinished:
                raise QueueFullError
            job.id = new_job_id()
            while session.get(Job, job.id):
                job.id = new_job_id()
            session.add(job)

    def get(self, job_id: str) -> Job | None:
        """The job as it is stored now."""
        with self.database.transaction() as session:
            return session.get(Job, job_id)

    def recent(self, limit: int) -> list[Job]:
        """The newest jobs, newest first."""
        with self.database.transaction() as session:
            return list(session.scalars(select(Job).order_by(Job.created_at.desc()).limit(limit)))

    def queue_position(self, job: Job) -> int:
        """1 for the job that is to run next."""
        earlier = (Job.created_at < job.created_at) | (
            (Job.created_at == job.created_at) & (Job.id < job.id)
        )
        with self.database.transaction() as session:
            ahead = session.scalar(
                select(func.count()).select_from(Job).where(Job.state == JobState.QUEUED, earlier)
            )
            return (ahead or 0) + 1

    def cancel(self, job_id: str) -> Job | None:
        """Cancel a queued job at once, and ask the worker of a running job to stop it."""
        with self.database.transaction() as session:
            cancelled = self._cancel_queued(session, job_id)
            session.execute(
                update(Job)
                .where(Job.id == job_id, Job.state == JobState.RUNNING)
                .values(cancel_requested=True)
            )
            # Between the two statements the job may have gone back to the queue.
            cancelled = self._cancel_queued(session, job_id) or cancelled
        if cancelled:
            count_ends([(JobState.CANCELLED, None)])
        return self.get(job_id)

    def unfinished(self) -> dict[str, int]:
        """How many jobs are queued and how many run; states without jobs are left out."""
        with self.database.transaction() as session:
            rows = session.execute(
                select(Job.state, func.count())
                .where(Job.state.not_in(FINISHED))
                .group_by(Job.state)
            )
            return dict(rows.all())

    def finished_before(self, moment: float) -> list[Job]:
        """Jobs that have been over since `moment` or longer."""
        with self.database.transaction() as session:
            return list(
                session.scalars(
                    select(Job).where(Job.state.in_(FINISHED), Job.completed_at < moment)
                )
            )

    def running_attempts(self) -> set[tuple[str, int]]:
        """Job and attempt of everything that runs anywhere now."""
        with self.database.transaction() as session:
            rows = session.execute(
                select(Job.id, Job.attempts).where(Job.state == JobState.RUNNING)
            )
            return {(job_id, attempts) for job_id, attempts in rows}

    def forget(self, job_id: str) -> None:
        """Remove a finished job's row."""
        with self.database.transaction() as session:
            session.execute(delete(Job).where(Job.id == job_id, Job.state.in_(FINISHED)))

    def _cancel_queued(self, session: Session, job_id: str) -> bool:
        cancelled = session.scalar(
            update(Job)
            .where(Job.id == job_id, Job.state == JobState.QUEUED)
            .values(state=JobState.CANCELLED, completed_at=time.time())
            .returning(Job.id)
        )
        return cancelled is not None
