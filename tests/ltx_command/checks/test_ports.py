import socket
from collections.abc import Iterator
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


def test_a_triton_holds_its_ports_rightly(triton: LocalTriton) -> None:
    given = installation(
        triton_grpc_address=triton.grpc_address, triton_metrics_url=triton.metrics_url
    )
    server = ports.running_server(given)
    assert server
    assert server.pid == triton.pid
    for check in (ports.triton_grpc, ports.triton_metrics):
        assert check(given).level is Level.OK
