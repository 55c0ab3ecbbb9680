"""Upgrade the schema with Alembic. Imported only for databases that need it."""

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect

from frontend.database.migrations import BASELINE, HEAD
from frontend.database.revision import SchemaError, describe, stored_revision

_FOLDER = Path(__file__).with_name("migrations")

_log = logging.getLogger(__name__)


def upgrade(connection: Connection) -> None:
    """Upgrade to HEAD in the connection's transaction. Copy an SQLite file beside itself first.

    Raises:
        SchemaError: the revision is unknown, or the tables are older than the baseline.
    """
    config = alembic_config(connection)
    scripts = ScriptDirectory.from_config(config)
    store = describe(connection.engine)
    revision = stored_revision(connection)
    if revision is None:
        _require_baseline(connection, scripts)
        command.stamp(config, BASELINE)
        revision = BASELINE
    elif revision not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaError(
            f"The job store {store} has schema revision {revision}, and this version knows none "
            f"after {HEAD}: a newer version has upgraded it. Start that version, or put a copy "
            "from before that upgrade in its place."
        )
    if connection.dialect.name == "sqlite":
        _keep_copy(connection, revision)
    command.upgrade(config, HEAD)
    _log.info("Upgraded the job store %s from schema revision %s to %s", store, revision, HEAD)


def alembic_config(connection: Connection) -> Config:
    """Configuration for Alembic's commands on this connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _require_baseline(connection: Connection, scripts: ScriptDirectory) -> None:
    """Raise a SchemaError if a store from before migrations lacks a column of the baseline."""
    baseline: MetaData = scripts.get_revision(BASELINE).module.tables
    stored = inspect(connection)
    missing = [
        f"{table.name}.{column.name}"
        for table in baseline.sorted_tables
        for column in table.columns
        if not stored.has_table(table.name)
        or column.name not in {found["name"] for found in stored.get_columns(table.name)}
    ]
    if missing:
        raise SchemaError(
            f"The job store {describe(connection.engine)} is older than any that this version can "
            f"upgrade: it lacks {', '.join(missing)}. Move it away to start with an empty one."
        )


def _keep_copy(connection: Connection, revision: str) -> None:
    """Copy the database beside itself, as it was last committed."""
    file = next(iter(connection.exec_driver_sql("PRAGMA database_list"))).file
    copy = Path(f"{file}.revision-{revision}")
    partial = copy.with_name(f"{copy.name}.partial")
    partial.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(partial)) as target:
        source.backup(target)
    shutil.copymode(file, partial)
    partial.replace(copy)
    _log.info("Kept a copy of the job store with schema revision %s: %s", revision, copy)
