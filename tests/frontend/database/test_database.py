import gc
import sqlite3
import threading
import warnings
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from frontend.database.database import Database
from frontend.services import GATES
from tests.frontend.conftest import on_both_databases


def test_the_values_of_a_failed_statement_are_not_told(database: Database) -> None:
    with pytest.raises(SQLAlchemyError) as raised, database.transaction() as session:
        session.execute(text("SELECT :prompt FROM nowhere"), {"prompt": "something private"})

    assert "nowhere" in str(raised.value)
    assert "private" not in str(raised.value)


def test_a_new_file_that_another_process_has_locked_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    with closing(sqlite3.connect(file, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        released = threading.Timer(0.3, other.rollback)
        released.start()

        database = Database(f"sqlite:///{file}")
        database.prepare(GATES)

        database.close()
        released.join()


@on_both_databases
def test_a_connection_that_is_in_use_while_the_store_closes_is_closed_afterwards(
    database_url: str | None, tmp_path: Path
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _close_during_a_transaction(Database(database_url or f"sqlite:///{tmp_path / 'jobs.db'}"))
        gc.collect()

    assert caught == []


def _close_during_a_transaction(database: Database) -> None:
    is_open, is_closed = threading.Event(), threading.Event()

    def hold() -> None:
        with database.transaction() as session:
            session.execute(text("SELECT 1"))
            is_open.set()
            is_closed.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_open.wait(60)
    database.close()
    is_closed.set()
    thread.join()
