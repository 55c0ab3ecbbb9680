"""A PostgreSQL server of the tests' own, from the system's packages."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Self

import psycopg

from ltx_triton.parent_process import die_with_parent

_START_TIMEOUT = 60  # seconds
_NAMES = count(1)


def find_postgres() -> Path | None:
    """The folder of `initdb` and `postgres`: on PATH, or where Debian puts the newest version."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    return newest.parent if newest else None


class Postgres:
    """A server in a temporary folder, reached by a socket there. A context manager."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._as_user = _unprivileged_user()

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="postgres_"))  # sockets need a short path
        if self._as_user:
            shutil.chown(self._folder, self._as_user["user"], self._as_user["group"])
        data = self._folder / "data"
        initdb = ["-D", data, "-U", "tests", "-A", "trust", "--no-sync", "-E", "UTF8"]
        self._run("initdb", *initdb, "--locale=C.UTF-8")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Serve the data, which a stop leaves as they are."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "fsync": "off",
        }
        with (self._folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._programs / "postgres",
                    *("-D", self._folder / "data"),
                    *(part for option in options.items() for part in ("-c", "=".join(option))),
                ],
                cwd=self._folder,
                stderr=log,
                preexec_fn=partial(die_with_parent, os.getpid()),
                **self._as_user,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """End at once, with all connections."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def create_database(self) -> str:
        """Create an empty database; its SQLAlchemy URL."""
        name = f"test_{next(_NAMES)}"
        with self._connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://tests@/{name}?host={self._folder}"

    def load(self, dump: Path) -> str:
        """Create a database from a dump; its SQLAlchemy URL."""
        url = self.create_database()
        target = url.replace("+psycopg", "")
        subprocess.run(
            [self._programs / "psql", target, "-qX", "-v", "ON_ERROR_STOP=1", "-f", dump],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return url

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        subprocess.run(
            command,
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            preexec_fn=partial(die_with_parent, os.getpid()),
            **self._as_user,
        )

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(f"user=tests dbname=postgres host={self._folder}", autocommit=True)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                self._connect().close()
            except psycopg.OperationalError:
                log = (self._folder / "log.txt").read_text()
                assert self._process.poll() is None, log
                assert time.monotonic() < deadline, log
                time.sleep(0.05)
            else:
                return


def _unprivileged_user() -> dict[str, Any]:
    """Arguments for `subprocess`; empty where this process may run PostgreSQL, so not as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
