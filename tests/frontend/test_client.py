import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from frontend import client
from frontend.client import ApiClient, ClientError, JobStatus, make_video
from tests.frontend.api_process import Api, running
from tests.frontend.conftest import SMALL
from tests.frontend.fake_triton import FakeTriton


class BadServer(BaseHTTPRequestHandler):
    """Names a file outside of the client's folder, and breaks off in the middle of the video."""

    def do_POST(self) -> None:
        self._answer(b'{"job_id": "0badcafe"}')

    def do_GET(self) -> None:
        if self.path.startswith("/download"):
            self._answer(b"half", length=8)
            return
        if self.path.startswith("/jobs"):
            self._answer(b"[]")
            return
        status = {"status": "completed", "filename": "../cat.mp4", "download_url": "/download"}
        self._answer(json.dumps(status).encode())

    def _answer(self, body: bytes, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class RestartingServer(BaseHTTPRequestHandler):
    """Gives the answers in turn, each the HTTP status or the status of the job."""

    answers: Iterator[int | str]

    def do_GET(self) -> None:
        answer = next(self.answers)
        self.send_response(answer if isinstance(answer, int) else 200)
        body = json.dumps({"status": answer}).encode() if isinstance(answer, str) else b"away"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[ApiClient]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        with ApiClient(f"http://127.0.0.1:{server.server_port}") as api:
            yield api
        server.shutdown()


@pytest.fixture
def bad_server() -> Iterator[ApiClient]:
    with serving(BadServer) as api:
        yield api


@pytest.fixture
def server(fake_triton: FakeTriton, tmp_path: Path) -> Iterator[Api]:
    with running(fake_triton, tmp_path) as api:
        yield api


def test_a_failed_download_leaves_the_files_that_are_there_and_says_where_the_video_is(
    bad_server: ApiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for file in (tmp_path / "cat.mp4", folder / "cat.mp4", folder / "cat.mp4.part"):
        file.write_bytes(b"an earlier video")
    monkeypatch.chdir(folder)

    with pytest.raises(ClientError, match=r"could not be downloaded to cat\.mp4") as failure:
        make_video(bad_server, {"prompt": "A cat"})

    assert str(failure.value).endswith(f"it is at {bad_server.url}/download/0badcafe")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert files == dict.fromkeys(("cat.mp4", "cat.mp4.part"), b"an earlier video")
    assert (tmp_path / "cat.mp4").read_bytes() == b"an earlier video"


def test_an_answer_that_is_no_object_is_an_error(bad_server: ApiClient) -> None:
    with pytest.raises(ClientError, match="answered 200 without a JSON body"):
        bad_server.jobs({})


@pytest.mark.parametrize("url", ["localhost:8000", "http://[::1", "ftp://example.org"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ClientError, match="is no URL"):
        ApiClient(url)


def test_ctrl_c_keeps_a_video_that_has_just_been_completed(server: Api, tmp_path: Path) -> None:
    seen: list[str] = []

    def interrupt(status: JobStatus) -> None:
        seen.append(status["job_id"])
        if status["status"] == "completed":
            raise KeyboardInterrupt

    with ApiClient(str(server.http.base_url)) as api, pytest.raises(KeyboardInterrupt):
        make_video(api, SMALL, tmp_path / "cat.mp4", interrupt)

    assert server.status(seen[0]) == "completed"


@pytest.mark.parametrize("away", [502, 503, 504])
def test_a_job_is_followed_through_a_restart_behind_a_proxy(
    away: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["running", away, "completed"])
    monkeypatch.setattr(RestartingServer, "answers", answers, raising=False)
    with serving(RestartingServer) as api:
        followed = [status["status"] for status in api.follow("0badcafe")]
    assert followed == ["running", "completed"]


def test_a_service_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_RECONNECT_TIMEOUT", 0.1)
    monkeypatch.setattr(RestartingServer, "answers", repeat(503), raising=False)
    with (
        serving(RestartingServer) as api,
        pytest.raises(ClientError, match="it answered 503; job 0badcafe continues there"),
    ):
        list(api.follow("0badcafe"))
