"""Bring the schema of a database up to date, once, however many workers start at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, MetaData, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from frontend.database.migrations import HEAD
from frontend.database.revision import SchemaError, describe, revisions, stored_revision

_LOCK = 0x6C74785F  # the key of PostgreSQL's advisory lock: any number that nobody else uses
_SQLITE_TIMEOUT = 120_000  # milliseconds: another worker may be upgrading a large store


def prepare_schema(engine: Engine, metadata: MetaData) -> None:
    """Create the tables of an empty database, upgrade older tables, check the result.

    Raises:
        SchemaError: a newer version has upgraded them, or no known version has written them.
    """
    with engine.connect() as connection:
        revision = stored_revision(connection)
    if revision != HEAD:
        with _exclusive(engine) as connection:
            _bring_to_head(connection, metadata)
    _check_tables(engine, metadata)


def _bring_to_head(connection: Connection, metadata: MetaData) -> None:
    if stored_revision(connection) == HEAD:
        return  # another worker was faster
    if inspect(connection).get_table_names():
        # Alembic costs startup time and memory.
        from frontend.database.upgrade import upgrade

        upgrade(connection)
    else:
        metadata.create_all(connection)
        revisions.create(connection)
        connection.execute(insert(revisions).values(version_num=HEAD))


@contextmanager
def _exclusive(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that excludes other workers."""
    with engine.connect() as connection:
        connection.detach()  # closed afterwards, with the settings made here
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_SQLITE_TIMEOUT}")
            # Python's driver would begin a transaction at the first INSERT, after the DDL.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        yield connection
        connection.commit()


def _check_tables(engine: Engine, metadata: MetaData) -> None:
    """Raise a SchemaError unless every table has every column that the models map."""
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            try:
                connection.execute(select(table).limit(0))
            except DBAPIError as error:
                raise SchemaError(
                    f"The job store {describe(engine)} has schema revision {HEAD} but not its "
                    f"tables: {str(error.orig).splitlines()[0]}. Restore it from a backup, or "
                    "move it away to start with an empty one."
                ) from error
