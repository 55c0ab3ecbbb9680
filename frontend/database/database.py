"""Transactions on the database: one SQLAlchemy engine per process, shared by its threads."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import String, create_engine, event, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from frontend.database.schema import prepare_schema


class Base(DeclarativeBase):
    """Base of every table."""


class Gate(Base):
    """One row per decision that only one worker may take at a time."""

    __tablename__ = "gates"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    passed_at: Mapped[float]


class Database:
    """Methods block: call them in a thread."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,  # prompts are not for logs
        )
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _configure_sqlite)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    def prepare(self, gates: tuple[str, ...]) -> None:
        """Bring the schema up to date and create missing gates. Safe in several workers at once.

        Raises:
            SchemaError: the tables are not ones that this version can use.
        """
        prepare_schema(self._engine, Base.metadata)
        with self.transaction() as session:
            missing = set(gates).difference(session.scalars(select(Gate.name)))
        for name in missing:
            with suppress(IntegrityError), self.transaction() as session:
                session.add(Gate(name=name, passed_at=time.time()))

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session; commit at the end, roll back on an error."""
        with self._sessions.begin() as session:
            yield session

    @contextmanager
    def exclusive(self, gate: str) -> Iterator[Session]:
        """Yield a transaction that excludes every other holder of the gate, in any worker.

        Writing the gate's row locks it (on SQLite the whole database), so the transaction reads
        what earlier holders have committed.
        """
        with self.transaction() as session:
            session.execute(update(Gate).where(Gate.name == gate).values(passed_at=time.time()))
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()
