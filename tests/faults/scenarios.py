"""What is done to a service that makes six videos."""

import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Protocol

import psutil

from tests.faults import disk, postgres
from tests.faults.clock import SetClock
from tests.faults.disk import FillDisk
from tests.faults.postgres import TakePostgresAway
from tests.faults.service import FaultyService

_HOUR = 3600.0  # seconds
_HANG = 20.0  # seconds
_LOCK = 5.0  # seconds


Inject = Callable[[FaultyService], None]
Missing = Callable[[], str | None]


@dataclass(frozen=True)
class Scenario:
    name: str
    inject: Inject
    stage: str = "denoise"  # of the first job, when the fault comes
    environment: dict[str, str] = field(default_factory=dict)
    # What the service needs around it; it is not started yet.
    surround: Callable[[FaultyService], AbstractContextManager[None]] = lambda _: nullcontext()
    missing: Missing = lambda: None  # on this machine, for the scenario
    interrupts: bool = True  # whether an attempt at a job may be lost
    in_short_form: bool = False


class Fault(Protocol):
    """One that needs something around the service."""

    def surround(self, service: FaultyService) -> AbstractContextManager[None]: ...

    def inject(self, service: FaultyService) -> None: ...


def _send(role: str, number: signal.Signals) -> Inject:
    def inject(service: FaultyService) -> None:
        found = service.find(role)
        assert found, f"no {role} runs"
        for process in found:
            with suppress(psutil.NoSuchProcess):  # an encoder that has just ended
                process.send_signal(number)

    return inject


def _send_to_one(role: str, number: signal.Signals) -> Inject:
    def inject(service: FaultyService) -> None:
        service.find(role)[0].send_signal(number)

    return inject


def _hang(role: str) -> Inject:
    def inject(service: FaultyService) -> None:
        [process] = service.find(role)
        process.suspend()
        time.sleep(_HANG)
        if process.is_running():
            process.resume()

    return inject


def _end_and_start(role: str, number: signal.Signals) -> Inject:
    """End the service by one of its processes, and start it again as an operator would."""

    def inject(service: FaultyService) -> None:
        for process in service.find(role):
            process.send_signal(number)
        service.start_again()

    return inject


def _lock_the_store(service: FaultyService) -> None:
    with closing(sqlite3.connect(service.outputs / "jobs.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(_LOCK)
        other.execute("ROLLBACK")


def _hang_up_in_the_body(service: FaultyService) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    head = b"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    for number in range(100):
        with socket.create_connection((host, int(port))) as connection:
            chunk = b"zz\r\nno chunk\r\n" if number % 2 else b""
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)


def _around(
    name: str, fault: Fault, missing: Missing = lambda: None, in_short_form: bool = False
) -> Scenario:
    """What engines and encoders do not notice costs no attempt."""
    return Scenario(
        name,
        fault.inject,
        surround=fault.surround,
        missing=missing,
        interrupts=False,
        in_short_form=in_short_form,
    )


KILL, TERM = signal.SIGKILL, signal.SIGTERM
TWO_WORKERS = {"API_WORKERS": "2"}

SCENARIOS = (
    Scenario("kill -9 of the text encoder", _send("text_encoder", KILL)),
    Scenario("kill -9 of the transformer", _send("transformer", KILL), in_short_form=True),
    Scenario("kill -9 of the VAE decoder", _send("vae_decoder", KILL), stage="decode"),
    Scenario("kill -9 of the denoising loop", _send("denoising loop", KILL)),
    Scenario("kill -9 of tritonserver", _send("tritonserver", KILL)),
    Scenario("SIGTERM of tritonserver", _send("tritonserver", TERM), in_short_form=True),
    Scenario("transformer hangs for 20 s", _hang("transformer")),
    Scenario("denoising loop hangs for 20 s", _hang("denoising loop")),
    Scenario("tritonserver hangs for 20 s", _hang("tritonserver")),
    Scenario("kill -9 of every ffmpeg", _send("ffmpeg", KILL), stage="decode", in_short_form=True),
    Scenario(
        "kill -9 of one of two API workers",
        _send_to_one("API worker", KILL),
        environment=TWO_WORKERS,
    ),
    Scenario(
        "kill -9 of the API's parent, start again",
        _end_and_start("API's parent", KILL),
        environment=TWO_WORKERS,
        in_short_form=True,
    ),
    Scenario(
        "kill -9 of the launcher, start again",
        _end_and_start("launcher", KILL),
        in_short_form=True,
    ),
    Scenario("SIGTERM of the service, start again", _end_and_start("launcher", TERM)),
    Scenario("job store locked for 5 s", _lock_the_store),
    _around("PostgreSQL restarted", TakePostgresAway(seconds=0), postgres.missing),
    _around("PostgreSQL away for 14 s", TakePostgresAway(seconds=14), postgres.missing),
    _around("disk full for 10 s", FillDisk(seconds=10), disk.missing, in_short_form=True),
    _around("clock set forward by an hour", SetClock(_HOUR)),
    _around("clock set back by an hour", SetClock(-_HOUR), in_short_form=True),
    Scenario("100 clients that hang up in their bodies", _hang_up_in_the_body),
)
