"""A client of the soak: makes small and large videos, cancels some, and hangs up on others."""

import random
import socket
import time
from collections import Counter

import httpx

from tests.faults.service import FaultyService

_SMALL = {"resolution": 64, "duration": 1}
_LARGE = {"resolution": 256, "duration": 8}
_HEAD = (
    b"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n"
)


class SoakClient:
    def __init__(self, service: FaultyService, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self._service = service
        self._chance = random.Random(seed)
        self._made: list[str] = []

    def run(self, until: float) -> None:
        """Do one thing after the other; `until` is a moment of the monotonic clock."""
        actions = {
            self._make: 0.65,
            self._cancel: 0.2,
            self._hang_up_in_body: 0.05,
            self._hang_up_waiting: 0.05,
            self._hang_up_downloading: 0.05,
        }
        while time.monotonic() < until:
            [action] = self._chance.choices(list(actions), list(actions.values()))
            try:
                action()
            except httpx.TransportError:
                self.counts["errors"] += 1

    def _make(self) -> None:
        answer = self._service.ask(wait=True, **self._size())
        if self._count(answer):
            self._made.append(answer.json()["job_id"])

    def _cancel(self) -> None:
        answer = self._service.ask(**self._size())
        if self._count(answer):
            time.sleep(self._chance.uniform(0, 1))
            self._count(self._service.cancel(answer.json()["job_id"]))

    def _hang_up_in_body(self) -> None:
        host, port = self._service.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(_HEAD + b'{"prompt": "a ')
        self.counts["hang_ups"] += 1

    def _hang_up_waiting(self) -> None:
        try:
            self._count(
                httpx.post(
                    f"{self._service.url}/generate",
                    json={"prompt": "a red ball", **_LARGE},
                    timeout=self._chance.uniform(0.05, 0.5),
                    trust_env=False,
                )
            )
        except httpx.TimeoutException:
            self.counts["hang_ups"] += 1

    def _hang_up_downloading(self) -> None:
        if self._made:
            url = f"{self._service.url}/download/{self._made[-1]}"
            with httpx.stream("GET", url, timeout=60, trust_env=False):
                self.counts["hang_ups"] += 1  # after the headers

    def _size(self) -> dict[str, int]:
        return self._chance.choice((_SMALL, _LARGE))

    def _count(self, answer: httpx.Response) -> bool:
        """Count what was not as it should be; return whether the answer is a success."""
        if answer.status_code >= 500:
            self.counts["errors"] += 1
        return answer.is_success
