"""Calls of the HTTP API: request a video, follow it, download it."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx

DEFAULT_URL = "http://localhost:8000"
FORMATS = {".mp4": "mp4", ".webp": "webp", ".gif": "gif"}  # suffix -> `format` of a download

_POLL_INTERVAL = 0.3  # seconds
_RECONNECT_TIMEOUT = 60.0  # seconds; an accepted job survives a restart of the server
_REQUEST_TIMEOUT = 30.0  # seconds
# The service or its job store restarts, as it or a proxy before it says.
_AWAY = (
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
# A proxy of the environment is not for this machine itself.
_WITHOUT_PROXY = dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]"))

JobStatus = dict[str, Any]  # an answer about a job


class ClientError(Exception):
    """A call failed; the message is one line."""


class UnauthorizedError(ClientError):
    """The server requires an API key, and another one than was given."""


class NotFoundError(ClientError):
    """There is no such job."""


class ConflictError(ClientError):
    """The state of the job does not allow it."""


_ERRORS: dict[int, type[ClientError]] = {
    HTTPStatus.UNAUTHORIZED: UnauthorizedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
}


@dataclass(frozen=True)
class DownloadedVideo:
    path: Path
    status: JobStatus  # the last one


class ApiClient:
    """A server's API, as a context manager. Every method raises ClientError if the call fails."""

    def __init__(self, url: str = DEFAULT_URL, api_key: str | None = None) -> None:
        _require_utf8({"URL": url, "API key": api_key})
        try:
            self._http = httpx.Client(
                base_url=url,
                headers={b"X-API-Key": api_key.encode()} if api_key else {},
                timeout=_REQUEST_TIMEOUT,
                mounts=_WITHOUT_PROXY,
            )
        except httpx.InvalidURL as error:
            raise ClientError(f"{url} is no URL: {error}") from error
        if self._http.base_url.scheme not in ("http", "https"):
            raise ClientError(f"{url} is no URL: write {DEFAULT_URL}, for example")

    def __enter__(self) -> Self:
        self._http.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def url(self) -> str:
        return str(self._http.base_url).rstrip("/")

    def create(self, parameters: Mapping[str, Any]) -> JobStatus:
        """Request a video without waiting for it: parameters of `POST /generate`."""
        _require_utf8(parameters)
        return self._request("POST", "/generate", json={**parameters, "wait": False})

    def status(self, job_id: str) -> JobStatus:
        return self._request("GET", f"/status/{_in_path(job_id)}")

    def receipt(self, job_id: str) -> dict[str, Any]:
        return self._request("GET", f"/jobs/{_in_path(job_id)}/receipt")

    def cancel(self, job_id: str) -> JobStatus:
        """Cancel a job; ConflictError if it is finished."""
        return self._request("POST", f"/jobs/{_in_path(job_id)}/cancel")

    def delete(self, job_id: str) -> JobStatus:
        """Cancel a job; remove it, with its video, if it is finished."""
        return self._request("DELETE", f"/jobs/{_in_path(job_id)}")

    def jobs(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of jobs: parameters and answer of `GET /jobs`."""
        _require_utf8(query)
        return self._request("GET", "/jobs", params=query)

    def follow(self, job_id: str) -> Iterator[JobStatus]:
        """Yield the status of a job until it is finished, even while the server restarts."""
        last_response = time.monotonic()
        while True:
            try:
                status = self._look_up(job_id)
            except httpx.TransportError as error:
                if time.monotonic() - last_response > _RECONNECT_TIMEOUT:
                    raise ClientError(
                        f"lost the connection to {self.url}: {error}; job {job_id} continues there"
                    ) from error
            else:
                last_response = time.monotonic()
                yield status
                if status["status"] not in ("queued", "running"):
                    return
            time.sleep(_POLL_INTERVAL)

    def _look_up(self, job_id: str) -> JobStatus:
        response = self._http.get(f"/status/{job_id}")
        if response.status_code in _AWAY:
            raise httpx.TransportError(f"it answered {response.status_code}")
        return _parse_body(response)

    def download(self, job_id: str, target: Path) -> None:
        """Write a finished job's video, in the format of the suffix; an MP4 for any other."""
        path = f"/download/{job_id}"
        query = {"format": FORMATS.get(target.suffix.lower(), "mp4")}
        # Replace an existing file only by a complete one, and touch no other: the name is new.
        partial = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with self._http.stream("GET", path, params=query) as response:
                if response.is_error:
                    response.read()
                    _parse_body(response)
                with partial.open("xb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
            partial.replace(target)
        except (httpx.TransportError, OSError) as error:
            raise ClientError(
                f"the video could not be downloaded to {target}: {error}; it is at {self.url}{path}"
            ) from error
        finally:
            with suppress(OSError):
                partial.unlink()

    def _request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise ClientError(
                f"{self.url} cannot be reached: {error}; does `ltx-video serve` run there?"
            ) from error
        return _parse_body(response)


def make_video(
    api: ApiClient,
    parameters: Mapping[str, str | float],
    output: Path | None = None,
    watch: Callable[[JobStatus], None] = lambda _: None,
) -> DownloadedVideo:
    """Request a video and download it. Ctrl-C cancels the job on the server.

    Args:
        api: of the server.
        parameters: parameters of `POST /generate`, at least `prompt`.
        output: file to write; None: the server's file name, in the current folder.
        watch: is given the answer to the request, then each status.

    Raises:
        ClientError: the video could not be made or downloaded.
    """
    with ThreadPoolExecutor(1) as thread:
        # In a thread, out of reach of Ctrl-C: the server may already have accepted the job.
        job = thread.submit(api.create, parameters)
        try:
            watch(job.result())
            job_id: str = job.result()["job_id"]
            for status in api.follow(job_id):
                watch(status)
        except KeyboardInterrupt:
            with suppress(ConflictError):  # it has just finished
                api.cancel(job.result()["job_id"])
            raise
    if status["status"] != "completed":
        raise ClientError(status.get("error") or f"the job is {status['status']}")
    path = output or Path(Path(status["filename"]).name)
    api.download(job_id, path)
    return DownloadedVideo(path, status)


def _parse_body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ClientError(f"{response.url} answered {response.status_code} without a JSON body")
    if response.is_error:
        kind = _ERRORS.get(response.status_code, ClientError)
        raise kind(str(body.get("detail", response.status_code)))
    return body


def _in_path(job_id: str) -> str:
    _require_utf8({"job ID": job_id})
    return quote(job_id, safe="")


def _require_utf8(texts: Mapping[str, Any]) -> None:
    # Python passes other bytes of a command line on, as characters that nothing can encode.
    for name, text in texts.items():
        try:
            str(text).encode()
        except UnicodeEncodeError:
            raise ClientError(f"the {name} is not UTF-8") from None
