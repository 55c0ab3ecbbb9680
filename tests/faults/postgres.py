"""A job store in PostgreSQL, which goes away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.service import FaultyService
from tests.postgres import Postgres, find_postgres


def missing() -> str | None:
    return None if find_postgres() else "no PostgreSQL found: apt install postgresql"


class TakePostgresAway:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @contextmanager
    def surround(self, service: FaultyService) -> Iterator[None]:
        programs = find_postgres()
        assert programs
        with Postgres(programs) as self._server:
            service.environment["DATABASE_URL"] = self._server.create_database()
            yield

    def inject(self, _: FaultyService) -> None:
        self._server.stop()
        time.sleep(self._seconds)
        self._server.start()
