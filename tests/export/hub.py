"""A hub on this machine, as far as huggingface_hub needs one to download a model."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from huggingface_hub import constants

COMMIT = "c" * 40


class Hub(ThreadingHTTPServer):
    """Serves the files of a folder as the model MODEL; remembers what was fetched."""

    MODEL = "owner/model"

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.fetched: list[str] = []
        self.peeked: list[tuple[str, int]] = []  # files of which a range was fetched, and its bytes
        self.dropped: tuple[str, ...] = ()  # methods of requests that get no answer

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def size(self, pattern: str) -> int:
        return sum(file.stat().st_size for file in self.folder.glob(pattern))


@contextmanager
def local_hub(folder: Path) -> Iterator[Hub]:
    """Let huggingface_hub ask a hub on this machine."""
    with Hub(folder) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "ENDPOINT", hub.address)
        patch.setattr(
            constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            f"{hub.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}",
        )
        Thread(target=hub.serve_forever, daemon=True).start()
        yield hub
        hub.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def parse_request(self) -> bool:
        return super().parse_request() and self.command not in self.server.dropped

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith(f"/api/models/{Hub.MODEL}/tree/"):
            self._json([self._entry(file) for file in self._files()])
        elif path.startswith(f"/api/models/{Hub.MODEL}"):
            self._json({"id": Hub.MODEL, "sha": COMMIT, "siblings": []})
        elif found := re.match(f"/{Hub.MODEL}/resolve/(?:main|{COMMIT})/(.+)", path):
            self._file(found[1])
        else:
            self.send_error(404)

    def _files(self) -> list[Path]:
        return sorted(file for file in self.server.folder.rglob("*") if file.is_file())

    def _entry(self, file: Path) -> dict[str, object]:
        name = str(file.relative_to(self.server.folder))
        return {"type": "file", "path": name, "size": file.stat().st_size, "oid": _etag(file)}

    def _file(self, name: str) -> None:
        file = self.server.folder / name
        if not file.is_file():
            self._answer(b"", {"X-Error-Code": "EntryNotFound"}, status=404)
            return
        headers = {"ETag": f'"{_etag(file)}"', "X-Repo-Commit": COMMIT}
        content = file.read_bytes()
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted is None:
            if self.command == "GET":
                self.server.fetched.append(name)
            self._answer(content, headers)
            return
        part = content[int(wanted[1]) : int(wanted[2] or len(content)) + 1]
        if self.command == "GET":
            self.server.peeked.append((name, len(part)))
        self._answer(part, headers, status=206)

    def _json(self, body: object) -> None:
        self._answer(json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _answer(self, content: bytes, headers: dict[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def _etag(file: Path) -> str:
    return hashlib.sha1(file.read_bytes()).hexdigest()  # noqa: S324  as git does
