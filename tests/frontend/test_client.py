"""`python -m frontend.client` against the API on a real port."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ltx_triton.launcher.local_triton import free_port
from tests.frontend.api_process import Api, running
from tests.frontend.conftest import wait_until
from tests.frontend.fake_triton import FakeTriton, Fault

KEY = "ein-schlüssel-in-utf8"
SMALL = ("--duration", "1", "--resolution", "64", "--api-key", KEY)


@pytest.fixture(scope="module")
def shared_triton() -> Iterator[FakeTriton]:
    with FakeTriton() as fake:
        yield fake


@pytest.fixture
def fake_triton(shared_triton: FakeTriton) -> FakeTriton:
    shared_triton.seen.clear()
    shared_triton.faults.clear()
    return shared_triton


@pytest.fixture(scope="module")
def server(shared_triton: FakeTriton, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("server")
    with running(shared_triton, folder, API_KEY_REQUIRED="true", API_KEY=KEY) as api:
        yield api


def client(
    *arguments: str | bytes, folder: Path, shell: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [*shell, sys.executable, "-m", "frontend.client", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(root),
            "http_proxy": "http://127.0.0.1:9",  # not for this machine
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_video_is_downloaded_and_its_path_and_seconds_are_printed(
    server: Api, tmp_path: Path
) -> None:
    process = client("A cat", *SMALL, "--seed", "5", "--url", str(server.http.base_url),
                     "--output", "cat.mp4", folder=tmp_path)  # fmt: skip
    output, progress = process.communicate(timeout=30)
    assert process.returncode == 0, progress
    assert output.startswith("cat.mp4  (seed 5)\nqueue 0.")
    assert "denoise" in output
    assert "100%" in progress
    assert b"ftyp" in (tmp_path / "cat.mp4").read_bytes()[:16]


def test_without_an_output_the_servers_name_is_used(server: Api, tmp_path: Path) -> None:
    process = client("A cat", *SMALL, "--url", str(server.http.base_url), folder=tmp_path)
    output, _ = process.communicate(timeout=30)
    assert (tmp_path / output.split()[0]).is_file()
    assert output.startswith("video_")


def test_ctrl_c_cancels_the_job_on_the_server_even_from_the_background(
    server: Api, fake_triton: FakeTriton, tmp_path: Path
) -> None:
    # Scripts start a command in the background with SIGINT ignored.
    background = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
    fake_triton.faults = [Fault.HANG]
    url = str(server.http.base_url)
    process = client("A cat", *SMALL, "--url", url, folder=tmp_path, shell=background)
    wait_until(lambda: bool(fake_triton.seen))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert errors.splitlines()[-1] == "Cancelled"
    wait_until(lambda: fake_triton.seen[0].cancelled)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("A cat", "--duration", "11", "--api-key", KEY), "Duration cannot exceed 10 seconds"),
        (("A cat",), "An API key is required"),
    ],
)
def test_a_refusal_is_told_in_one_line(
    arguments: tuple[str, ...], error: str, server: Api, tmp_path: Path
) -> None:
    process = client(*arguments, "--url", str(server.http.base_url), folder=tmp_path)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.startswith(f"Error: {error}")
    assert len(errors.splitlines()) == 1


def test_a_failed_job_is_told_in_one_line(
    server: Api, fake_triton: FakeTriton, tmp_path: Path
) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    process = client("A cat", *SMALL, "--url", str(server.http.base_url), folder=tmp_path)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.splitlines()[-1] == "Error: something broke"


def test_a_server_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    process = client("A cat", "--url", url, folder=tmp_path)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.startswith(f"Error: {url}")
    assert len(errors.splitlines()) == 1


def test_an_output_that_cannot_be_written_is_told_in_one_line(server: Api, tmp_path: Path) -> None:
    process = client("A cat", *SMALL, "--url", str(server.http.base_url),
                     "--output", "nowhere/cat.mp4", folder=tmp_path)  # fmt: skip
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.splitlines()[-1].startswith("Error: the video could not be downloaded to nowhere")
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("prompt", [b"caf\xe9"]),
        ("URL", [b"A cat", b"--url", b"http://caf\xe9"]),
        ("API key", [b"A cat", b"--api-key", b"caf\xe9"]),
    ],
)
def test_an_argument_in_another_encoding_is_told_in_one_line(
    name: str, arguments: list[bytes], tmp_path: Path
) -> None:
    _, errors = client(*arguments, folder=tmp_path).communicate(timeout=30)
    assert errors == f"Error: the {name} is not UTF-8\n"


@pytest.mark.parametrize("output", ["folder", "."])
def test_an_output_that_is_a_folder_is_told_before_a_video_is_made(
    output: str, server: Api, fake_triton: FakeTriton, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    process = client("A cat", *SMALL, "--url", str(server.http.base_url),
                     "--output", output, folder=tmp_path)  # fmt: skip
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors == f"Error: {output} is a folder, not a file to write\n"
    assert fake_triton.seen == []


class BadServer(BaseHTTPRequestHandler):
    """Names a file outside of the client's folder, and breaks off in the middle of the video."""

    def do_POST(self) -> None:
        self._answer(b'{"job_id": "0badcafe"}')

    def do_GET(self) -> None:
        if self.path.startswith("/download"):
            self._answer(b"half", length=8)
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


def test_a_failed_download_leaves_the_files_that_are_there(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for file in (tmp_path / "cat.mp4", folder / "cat.mp4"):
        file.write_bytes(b"an earlier video")
    with ThreadingHTTPServer(("127.0.0.1", 0), BadServer) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        process = client("A cat", "--url", f"http://127.0.0.1:{server.server_port}", folder=folder)
        _, errors = process.communicate(timeout=30)
        server.shutdown()
    assert process.returncode == 1
    assert errors.splitlines()[-1].startswith("Error: the video could not be downloaded to cat.mp4")
    assert "Traceback" not in errors
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert files == {"cat.mp4": b"an earlier video"}
    assert (tmp_path / "cat.mp4").read_bytes() == b"an earlier video"
