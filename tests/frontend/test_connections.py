"""Silent, broken and too many connections, in front of a process with real sockets."""

import json
import resource
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from frontend.connections import HEAD_TIMEOUT, KEEP_ALIVE
from tests.frontend.api_process import Api, running
from tests.frontend.conftest import SMALL, wait_until
from tests.frontend.fake_triton import FakeTriton

OPEN_FILES = 256
REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def api(fake_triton: FakeTriton, tmp_path: Path) -> Iterator[Api]:
    with running(fake_triton, tmp_path) as api:
        yield api


def connect(api: Api) -> socket.socket:
    return socket.create_connection(("127.0.0.1", api.port), timeout=HEAD_TIMEOUT + 20)


def seconds_until_closed(connection: socket.socket) -> float:
    started = time.monotonic()
    while connection.recv(4096):
        pass
    return time.monotonic() - started


@pytest.mark.slow
@pytest.mark.parametrize("sent", [b"", b"GET / HT", REQUEST + b"GET / HTTP/1.1\r\nHost:"])
def test_a_connection_without_a_whole_head_is_closed(sent: bytes, api: Api) -> None:
    with connect(api) as connection:
        connection.sendall(sent)
        assert HEAD_TIMEOUT - 2 < seconds_until_closed(connection) < HEAD_TIMEOUT + 5


@pytest.mark.slow
def test_a_head_that_trickles_in_is_cut_off(api: Api) -> None:
    def trickle(connection: socket.socket) -> None:
        for _ in range(int(HEAD_TIMEOUT) + 10):
            connection.sendall(b"X")
            time.sleep(1)

    with connect(api) as connection, pytest.raises(OSError, match=r"Broken pipe|reset"):
        trickle(connection)


@pytest.mark.slow
def test_a_connection_waits_for_its_next_request(api: Api) -> None:
    with closing(HTTPConnection("127.0.0.1", api.port, timeout=20)) as connection:
        connection.connect()
        socket = connection.sock
        for _ in range(2):
            connection.request("GET", "/health")
            assert connection.getresponse().read().startswith(b'{"status":"healthy"')
            time.sleep(HEAD_TIMEOUT + 2)
        assert connection.sock is socket


def test_idle_connections_are_kept_longer_than_proxies_keep_theirs() -> None:
    assert KEEP_ALIVE > 60


def ask(connection: HTTPConnection, method: str, path: str, **body: Any) -> int:
    """Return the status of the answer."""
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_a_connection_serves_on_after_503_and_500(api: Api) -> None:
    job_id = api.post()
    wait_until(lambda: api.status(job_id) == "completed")
    with (
        closing(HTTPConnection("127.0.0.1", api.port, timeout=20)) as connection,
        closing(sqlite3.connect(api.output_dir / "jobs.db", isolation_level=None)) as store,
    ):
        connection.connect()
        socket = connection.sock

        store.execute("BEGIN IMMEDIATE")
        assert ask(connection, "POST", "/generate", **SMALL) == 503
        store.execute("ROLLBACK")
        assert ask(connection, "POST", "/generate", **SMALL) == 202

        store.execute("UPDATE jobs SET spec = 'unreadable' WHERE id = ?", [job_id])
        assert ask(connection, "GET", f"/status/{job_id}") == 500
        assert ask(connection, "GET", "/health") == 200

        assert connection.sock is socket


def test_what_is_not_http_is_answered_with_the_documented_body(api: Api) -> None:
    with connect(api) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))  # until it is closed

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/json" in head
    assert body == b'{"detail":"Invalid HTTP request","error_type":"validation_error"}'
    assert "WARNING" not in api.log.read_text()


def test_headers_keep_browsers_from_guessing_types_and_telling_addresses(api: Api) -> None:
    headers = api.http.get("/health").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Server" not in headers


@pytest.mark.parametrize(
    "broken_off",
    [
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\nnot a chunk\r\n",
        b'Content-Length: 100\r\n\r\n{"prompt": "A cat',
    ],
)
def test_a_client_that_hangs_up_is_no_fault_of_the_service(broken_off: bytes, api: Api) -> None:
    head = b"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with connect(api) as connection:
        connection.sendall(head + broken_off)

    counted = 'endpoint="/generate",status="{}"'
    wait_until(lambda: counted.format(499) in api.http.get("/metrics").text, seconds=10)
    assert counted.format(500) not in api.http.get("/metrics").text
    log = api.log.read_text()
    assert log.count("The client hung up during POST /generate") == 1
    assert "Traceback" not in log
    assert "ERROR" not in log


@pytest.mark.slow
def test_too_many_connections_are_refused_without_filling_the_log(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, hard))
    try:
        api = Api(fake_triton, tmp_path)
        api.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with ExitStack() as stack:
        stack.callback(api.http.close)
        stack.callback(api.process.wait)
        stack.callback(api.process.kill)
        for _ in range(2 * OPEN_FILES):
            stack.enter_context(connect(api))
        time.sleep(2)
        log = api.log.read_text()
        assert log.count("connections are open; refusing more") == 1
        assert "Too many open files" not in log, log
        wait_until(lambda: api.http.get("/health").is_success, seconds=HEAD_TIMEOUT + 10)
