"""Databases that are empty, of an older version, of a newer one, or damaged, at the start."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, Row, create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from frontend.database.database import Base, Database
from frontend.database.migrations import HEAD
from frontend.database.revision import SchemaError, describe, stored_revision
from frontend.database.upgrade import alembic_config
from frontend.services import GATES
from tests.frontend.conftest import OLD_JOBS, on_both_databases

# What a program needs to open the database with all its tables.
_OPEN = (
    "import frontend.api.rate_limit, frontend.jobs.model; "
    "from frontend.database.database import Database"
)


def open_engine(url: str) -> Engine:
    """An engine that closes each connection after its use."""
    return create_engine(url, poolclass=NullPool)


@pytest.fixture
def empty_url(database_url: str | None, tmp_path: Path) -> str:
    return database_url or f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def engine(empty_url: str) -> Engine:
    return open_engine(empty_url)


def prepare(url: str) -> None:
    database = Database(url)
    try:
        database.prepare(GATES)
    finally:
        database.close()


def revision(url: str) -> str | None:
    with open_engine(url).connect() as connection:
        return stored_revision(connection)


def execute(url: str, *statements: str) -> None:
    with open_engine(url).begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def rows(url: str, table: str = "jobs") -> list[Row[Any]]:
    with open_engine(url).connect() as connection:
        return list(connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")))  # noqa: S608


def prepare_in_processes(url: str, count: int) -> str:
    """Prepare a database in several processes at once; what they have logged."""
    program = (
        f"import logging, sys; logging.basicConfig(level='INFO'); {_OPEN}\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        f"Database({url!r}).prepare({GATES})"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    logs = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * count, "\n".join(logs)
    return "".join(logs)


def test_head_is_the_newest_migration(engine: Engine) -> None:
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))

    assert scripts.get_current_head() == HEAD


@on_both_databases
def test_an_empty_database_gets_the_newest_schema(empty_url: str, engine: Engine) -> None:
    prepare(empty_url)

    assert revision(empty_url) == HEAD
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@on_both_databases
def test_the_migrations_lead_from_nothing_to_the_schema_of_the_models(engine: Engine) -> None:
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")

    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_an_older_store_opens_with_all_its_jobs(old_store: str) -> None:
    prepare(old_store)

    assert revision(old_store) == HEAD
    assert {row[0] for row in rows(old_store)} == OLD_JOBS
    assert len(rows(old_store, "counted_requests")) == 3
    with open_engine(old_store).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@pytest.mark.slow
@on_both_databases
def test_several_processes_create_the_tables_once(empty_url: str) -> None:
    prepare_in_processes(empty_url, 4)

    assert revision(empty_url) == HEAD
    assert len(rows(empty_url, "alembic_version")) == 1
    assert len(rows(empty_url, "gates")) == len(GATES)


@pytest.mark.slow
def test_several_processes_upgrade_an_older_store_once(old_store: str) -> None:
    log = prepare_in_processes(old_store, 4)

    assert log.count("Upgraded the job store") == 1
    assert revision(old_store) == HEAD
    assert {row[0] for row in rows(old_store)} == OLD_JOBS


def test_a_store_of_a_newer_version_is_refused_and_left_alone(old_store: str) -> None:
    prepare(old_store)
    execute(old_store, "UPDATE alembic_version SET version_num = '9876'")
    before = rows(old_store)

    with pytest.raises(SchemaError, match=f"revision 9876, .* none after {HEAD}: a newer version"):
        prepare(old_store)

    assert revision(old_store) == "9876"
    assert rows(old_store) == before


def test_a_store_from_before_the_oldest_known_schema_is_refused_and_left_alone(
    old_store: str,
) -> None:
    execute(
        old_store,
        "ALTER TABLE jobs DROP COLUMN device_used",
        "ALTER TABLE jobs DROP COLUMN error_type",
    )
    before = rows(old_store)

    with pytest.raises(SchemaError, match=r"lacks jobs\.device_used, jobs\.error_type\. Move it"):
        prepare(old_store)

    assert not inspect(open_engine(old_store)).has_table("alembic_version")
    assert rows(old_store) == before


def test_an_upgrade_that_fails_changes_nothing(old_store: str) -> None:
    execute(old_store, "ALTER TABLE jobs ADD COLUMN spec INTEGER")
    before = rows(old_store)

    with pytest.raises(SQLAlchemyError):
        prepare(old_store)

    assert not inspect(open_engine(old_store)).has_table("alembic_version")
    assert rows(old_store) == before


@on_both_databases
def test_a_store_without_a_column_that_its_revision_has_is_refused(empty_url: str) -> None:
    prepare(empty_url)
    execute(empty_url, "ALTER TABLE jobs DROP COLUMN device_used")

    with pytest.raises(SchemaError, match="device_used"):
        prepare(empty_url)


def test_messages_name_the_file_or_the_url_without_its_password(tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    url = "postgresql+psycopg://user:secret@host/jobs"

    assert describe(open_engine(f"sqlite:///{file}")) == str(file)
    assert describe(open_engine(url)) == url.replace("secret", "***")


@on_both_databases
def test_a_store_that_is_up_to_date_opens_without_alembic(empty_url: str) -> None:
    prepare(empty_url)
    program = (
        f"import sys; {_OPEN}\n"
        f"Database({empty_url!r}).prepare({GATES}); print('alembic' in sys.modules)"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert answer.stdout == b"False\n"
