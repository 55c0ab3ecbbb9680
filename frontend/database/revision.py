"""The schema revision that a database is stored with, in Alembic's table."""

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    select,
)

# Alembic's own table, of one row.
revisions = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


class SchemaError(Exception):
    """The database holds tables that this version cannot use."""


def stored_revision(connection: Connection) -> str | None:
    """The revision of the schema; None if the database is empty or older than migrations."""
    if not inspect(connection).has_table(revisions.name):
        return None
    return connection.scalar(select(revisions.c.version_num))


def describe(engine: Engine) -> str:
    """The file of an SQLite database, or the URL without its password."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or "in memory"
    return engine.url.render_as_string(hide_password=True)
