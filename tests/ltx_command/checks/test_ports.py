import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from ltx_command.checks import ports
from ltx_command.checks.finding import Installation, Level
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.settings import Settings


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def installation(**settings: Any) -> Installation:
    return Installation(Settings(**settings), Path())


def test_a_port_that_another_program_holds_is_a_problem_with_its_variable(taken: int) -> None:
    address = f"127.0.0.1:{taken}"
    given = installation(
        triton_grpc_address=address, triton_metrics_url=f"http://{address}/metrics"
    )
    for check, variable in (
        (ports.triton_grpc, "TRITON_GRPC_ADDRESS"),
        (ports.triton_metrics, "TRITON_METRICS_URL"),
    ):
        found = check(given)
        assert found.level is Level.PROBLEM
        assert found.text.startswith(f"port {taken} ({variable}) is taken by ")
        assert variable in found.remedy
    assert ports.running_server(given) is None


class Stranger(BaseHTTPRequestHandler):
    """A server that answers everything, but not as ours does."""

    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b'{"status": "healthy"}'])
def test_a_server_that_is_not_ours_is_a_problem(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stranger, "body", body)
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, args=[0.02]).start()
        found = ports.api(installation(api_host="127.0.0.1", api_port=server.server_port))
        server.shutdown()
    assert found.level is Level.PROBLEM
    assert found.text.startswith(f"port {server.server_port} (API_PORT) is taken by ")


def test_a_triton_holds_its_ports_rightly(triton: LocalTriton) -> None:
    given = installation(
        triton_grpc_address=triton.grpc_address, triton_metrics_url=triton.metrics_url
    )
    server = ports.running_server(given)
    assert server
    assert server.pid == triton.pid
    for check in (ports.triton_grpc, ports.triton_metrics):
        assert check(given).level is Level.OK
