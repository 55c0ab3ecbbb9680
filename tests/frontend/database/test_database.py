import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from frontend.database.database import Database


def test_the_values_of_a_failed_statement_are_not_told(database: Database) -> None:
    with pytest.raises(SQLAlchemyError) as raised, database.transaction() as session:
        session.execute(text("SELECT :prompt FROM nowhere"), {"prompt": "something private"})

    assert "nowhere" in str(raised.value)
    assert "private" not in str(raised.value)
