"""What is done to a service that makes six videos."""

import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from tests.faults.service import FaultyService, wait_until

_HANG = 20.0  # seconds
_LOCK = 5.0  # seconds


@dataclass(frozen=True)
class Scenario:
    name: str
    inject: Callable[[FaultyService], None]
    stage: str = "denoise"  # of the first job, when the fault comes
    environment: dict[str, str] = field(default_factory=dict)
    in_short_form: bool = False


def _send(role: str, number: signal.Signals) -> Callable[[FaultyService], None]:
    def inject(service: FaultyService) -> None:
        found = service.find(role)
        assert found, f"no {role} runs"
        for process in found:
            process.send_signal(number)

    return inject


def _send_to_one(role: str, number: signal.Signals) -> Callable[[FaultyService], None]:
    def inject(service: FaultyService) -> None:
        service.find(role)[0].send_signal(number)

    return inject


def _hang(role: str) -> Callable[[FaultyService], None]:
    def inject(service: FaultyService) -> None:
        [process] = service.find(role)
        process.suspend()
        time.sleep(_HANG)
        if process.is_running():
            process.resume()

    return inject


def _end_and_start(role: str, number: signal.Signals) -> Callable[[FaultyService], None]:
    """End the service by one of its processes, and start it again as an operator would."""

    def inject(service: FaultyService) -> None:
        for process in service.find(role):
            process.send_signal(number)
        service.wait_until_ended()
        wait_until(lambda: not service.survivors(), "all processes gone")
        service.start()

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


KILL, TERM = signal.SIGKILL, signal.SIGTERM
TWO_WORKERS = {"API_WORKERS": "2"}

SCENARIOS = (
    Scenario("kill -9 of the text encoder", _send("text_encoder", KILL)),
    Scenario("kill -9 of the transformer", _send("transformer", KILL), in_short_form=True),
    Scenario("kill -9 of the VAE decoder", _send("vae_decoder", KILL), stage="decode"),
    Scenario("kill -9 of the denoising loop", _send("ltx_video", KILL)),
    Scenario("kill -9 of tritonserver", _send("tritonserver", KILL)),
    Scenario("SIGTERM of tritonserver", _send("tritonserver", TERM), in_short_form=True),
    Scenario("transformer hangs for 20 s", _hang("transformer")),
    Scenario("denoising loop hangs for 20 s", _hang("ltx_video")),
    Scenario("tritonserver hangs for 20 s", _hang("tritonserver")),
    Scenario("kill -9 of every ffmpeg", _send("ffmpeg", KILL), stage="decode"),
    Scenario(
        "kill -9 of one of two API workers",
        _send_to_one("worker", KILL),
        environment=TWO_WORKERS,
    ),
    Scenario(
        "kill -9 of the API's parent, start again",
        _end_and_start("frontend", KILL),
        environment=TWO_WORKERS,
        in_short_form=True,
    ),
    Scenario("kill -9 of the launcher, start again", _end_and_start("launcher", KILL)),
    Scenario("SIGTERM of the service, start again", _end_and_start("launcher", TERM)),
    Scenario("job store locked for 5 s", _lock_the_store),
    Scenario("100 clients that hang up in their bodies", _hang_up_in_the_body),
)
