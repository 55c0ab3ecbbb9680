import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from frontend.health_reasons import DISK_FULL
from frontend.local.health import UnhealthyError, unhealthy_reason, wait_until_healthy


class Unhealthy(BaseHTTPRequestHandler):
    reason = ""

    def do_GET(self) -> None:
        body = json.dumps({"reason": self.reason}).encode()
        self.send_response(503)
        self.send_header("Content-Length", f"{len(body)}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Unhealthy) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def process() -> "Iterator[subprocess.Popen[bytes]]":
    with subprocess.Popen(["/bin/sleep", "60"]) as running:
        yield running
        running.kill()


def test_a_service_on_a_full_disk_has_started(
    process: "subprocess.Popen[bytes]", url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unhealthy, "reason", DISK_FULL)

    wait_until_healthy(process, url, timeout=5)


def test_a_start_that_fails_says_what_was_wrong(
    process: "subprocess.Popen[bytes]", url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unhealthy, "reason", "the job store does not answer")

    with pytest.raises(UnhealthyError, match="after 0 s: the job store does not answer"):
        wait_until_healthy(process, url, timeout=0.2)


def test_a_service_is_asked_past_the_proxy_of_the_environment(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Unhealthy, "reason", DISK_FULL)

    assert unhealthy_reason(url) == DISK_FULL
