"""Transactions on the database: one SQLAlchemy engine per process, shared by its threads."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import String, create_engine, event, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from frontend.database.revision import stored_revision
from frontend.database.schema import prepare_schema

# Raised when the store does not answer, is locked for long or has no room: try again later.
STORE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)

_TIMEOUT = 1.5  # seconds to wait for a lock, a connection or an answer
_RETRY_DELAY = 0.01  # seconds
_POSTGRES_OPTIONS = {
    "connect_timeout": 2,  # seconds, the least that libpq takes
    "tcp_user_timeout": int(1000 * _TIMEOUT),  # milliseconds
}


class StoreLostError(Exception):
    """The file of the store has been removed or replaced: what is written now will be lost."""


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
        is_postgres = make_url(url).get_backend_name() == "postgresql"
        self._engine = create_engine(
            url,
            pool_pre_ping=True,
            pool_timeout=_TIMEOUT,
            hide_parameters=True,  # prompts are not for logs
            connect_args=_POSTGRES_OPTIONS if is_postgres else {},
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
        self._identity = self._file_identity()
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

    def require_file(self) -> None:
        """Raise StoreLostError if the file of SQLite is no longer the one that was opened."""
        if self._file_identity() != self._identity:
            raise StoreLostError("the file of the job store has been removed or replaced")

    def ping(self) -> None:
        """Ask the store for nothing.

        Raises:
            StoreLostError: see `require_file`.
            SQLAlchemyError: it does not answer.
        """
        self.require_file()
        with self._engine.connect() as connection:
            connection.execute(select(1))

    def revision(self) -> str | None:
        """Return the revision of the schema as it is stored; None if the store is empty.

        Raises:
            SQLAlchemyError: it does not answer.
        """
        with self._engine.connect() as connection:
            return stored_revision(connection)

    def _file_identity(self) -> tuple[int, int] | None:
        file = self._engine.url.database
        if self._engine.dialect.name != "sqlite" or not file:
            return None
        try:
            status = Path(file).stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def close(self) -> None:
        """Close all connections: those that threads still use when they return them."""
        event.listen(self._engine, "checkin", _close_connection)
        self._engine.dispose()


def _close_connection(_connection: Any, entry: ConnectionPoolEntry) -> None:
    entry.invalidate()


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={int(1000 * _TIMEOUT)}")
    _switch_to_wal(cursor)
    cursor.close()


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """Use the write-ahead log. SQLite itself does not wait for others that are switching."""
    deadline = time.monotonic() + _TIMEOUT
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(_RETRY_DELAY)
