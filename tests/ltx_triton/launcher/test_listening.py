import os
import socket
from collections.abc import Iterator

import pytest

from ltx_triton.launcher.listening import Port, PortTakenError, require_free
from ltx_triton.launcher.local_triton import free_port


@pytest.fixture
def taken() -> Iterator[Port]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield Port("API_PORT", "127.0.0.1", server.getsockname()[1])


def test_a_free_port_has_no_problem_and_no_holder() -> None:
    port = Port("API_PORT", "127.0.0.1", free_port())
    assert port.problem() is None
    assert port.holder() is None


def test_a_taken_port_is_named_with_its_variable_and_its_holder(taken: Port) -> None:
    holder = taken.holder()
    assert holder
    assert holder.pid == os.getpid()
    assert taken.problem() == (
        f"port {taken.number} (API_PORT) is taken by {holder.name()} (process {os.getpid()})"
    )


def test_an_address_of_another_machine_is_a_problem_of_its_own() -> None:
    port = Port("API_PORT", "192.0.2.1", 8000)
    assert port.problem() == (
        "cannot listen on 192.0.2.1 port 8000 (API_PORT): Cannot assign requested address"
    )


def test_all_problems_are_told_at_once(taken: Port) -> None:
    elsewhere = Port("TRITON_GRPC_ADDRESS", "192.0.2.1", 8001)
    with pytest.raises(PortTakenError, match=r"\(API_PORT\).*; .*\(TRITON_GRPC_ADDRESS\)"):
        require_free(taken, Port("API_PORT", "127.0.0.1", free_port()), elsewhere)
