"""HTTP connections: how many, how long each may stay silent, and what is not HTTP."""

import asyncio
import logging
import resource
import sys
import time
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from frontend.api.errors import bad_value

HEAD_TIMEOUT = 10.0  # seconds for the head of a request, from its first byte or the connection
KEEP_ALIVE = 75  # seconds between requests; longer than proxies keep idle connections

_WARNING_INTERVAL = 60.0  # seconds

_log = logging.getLogger(__name__)


def max_connections() -> int:
    """Return half of the files that this process may open; jobs and downloads need the rest."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft // 2


def backlog() -> int:
    """Return how many connections to accept at once.

    asyncio takes so many before the first of them can be refused, so they need files as well.
    """
    return max(16, min(2048, max_connections() // 4))


class LimitedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, without clients that never send a request and without too many."""

    _warned_at = -_WARNING_INTERVAL  # of this process

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > max_connections():
            self._warn()
            transport.abort()
        else:
            self._start_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._start_timer()
        else:
            self._stop_timer()

    def on_response_complete(self) -> None:
        self._stop_timer()  # uvicorn's own of KEEP_ALIVE runs until the next request begins
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP with the documented body, and end the connection."""
        _log.info("A client sent what is not HTTP")
        answer = bad_value(msg.removesuffix(" received.")).response()
        headers = [*answer.raw_headers, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=answer.status_code, headers=headers),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _start_timer(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_TIMEOUT, self.transport.close)

    def _stop_timer(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None

    def _warn(self) -> None:
        now = time.monotonic()
        if now - LimitedProtocol._warned_at >= _WARNING_INTERVAL:
            LimitedProtocol._warned_at = now
            _log.warning("%d connections are open; refusing more", max_connections())
