"""A client's server for webhooks: real HTTP, with the answers it is told to give."""

import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook

from tests.frontend.conftest import wait_until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYq="  # noqa: S105  of tests
# Of a service whose receivers are on this machine.
SETTINGS = {"webhook_secret": SECRET, "webhook_private_addresses": True}

HANG = 0  # instead of a status: no answer


@dataclass(frozen=True)
class Received:
    headers: dict[str, str]
    body: bytes

    def verified(self) -> dict[str, Any]:
        """The event, if its signature is right."""
        event: dict[str, Any] = Webhook(SECRET).verify(self.body, self.headers)
        return event


class Receiver:
    """Gives the answers in turn, then 200."""

    def __init__(
        self,
        *answers: int,
        address: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.received: list[Received] = []
        self.location = "/"  # of redirects
        self._answers = iter(answers)
        self._closed = threading.Event()
        self._server = ThreadingHTTPServer((address, port), self._handler())
        self._scheme = "http"
        if tls:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return self._server.server_port

    def url(self, host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}/hook?token=a"

    def wait(self, count: int) -> list[Received]:
        """Wait until so many events have arrived."""
        wait_until(lambda: len(self.received) >= count, seconds=20)
        return self.received

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Received(dict(self.headers), body))
                status = next(receiver._answers, 200)
                if status == HANG:
                    receiver._closed.wait()
                    return
                self.send_response(status)
                self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        return Handler
