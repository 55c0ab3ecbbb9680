"""The job database: one SQLAlchemy engine per process, shared by its threads."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Engine, String, create_engine, event, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


class Base(DeclarativeBase):
    """Base of every table."""


class Gate(Base):
    """One row per decision that only one worker may take at a time."""

    __tablename__ = "gates"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    passed_at: Mapped[float]


class Database:
    """Transactions on the job store. Its methods block: call them in a thread."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,  # prompts are not for logs
        )
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _configure_sqlite)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    def create_tables(self, gates: tuple[str, ...]) -> None:
        """Create what is missing; several workers may do so at the same time."""
        _create_tables(self._engine)
        for name in gates:
            with suppress(IntegrityError), self.transaction() as session:
                if session.get(Gate, name) is None:
                    session.add(Gate(name=name, passed_at=time.time()))

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose changes are committed at the end."""
        with self._sessions.begin() as session:
            yield session

    @contextmanager
    def exclusive(self, gate: str) -> Iterator[Session]:
        """A transaction that no other worker has at the same time for the same gate.

        Writing the gate's row takes its lock, on SQLite that of the whole database; what is read
        afterwards is what earlier holders have committed.
        """
        with self.transaction() as session:
            session.execute(update(Gate).where(Gate.name == gate).values(passed_at=time.time()))
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _create_tables(engine: Engine) -> None:
    try:
        Base.metadata.create_all(engine)
    except DBAPIError:  # another worker created a table between our look and our statement
        Base.metadata.create_all(engine)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()
