"""`python -m frontend.client "prompt"`: have a video made, follow it, download it."""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tqdm import tqdm

from ltx_triton.launcher.signals import raise_on_termination

_POLL_INTERVAL = 0.3  # seconds
_PATIENCE = 60.0  # seconds; an accepted job survives a restart of the server
_TIMEOUT = 30.0


class ClientError(Exception):
    """No video; the message says why in one line."""


@dataclass(frozen=True)
class DownloadedVideo:
    """A finished video on this machine."""

    path: Path
    status: dict[str, Any]  # what GET /status said of the job


def make_video(
    parameters: dict[str, str | int],
    url: str = "http://localhost:8000",
    output: Path | None = None,
    api_key: str | None = None,
) -> DownloadedVideo:
    """Have a video made, showing its progress. Ctrl-C cancels the job on the server.

    Args:
        parameters: those of `POST /generate`, `prompt` at least.
        url: of the API.
        output: file to write; None: the server's name for it, in the current folder.
        api_key: where the server requires one.

    Raises:
        ClientError: no video came of it.
    """
    if output and output.is_dir():
        raise ClientError(f"{output} is a folder, not a file to write")
    headers = {"X-API-Key": api_key} if api_key else {}
    with (
        httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT) as http,
        ThreadPoolExecutor(1) as thread,
    ):
        # In a thread, which Ctrl-C does not interrupt: the server may have taken the job already.
        body = {**parameters, "wait": False}
        job = thread.submit(_request, http, "POST", "/generate", json=body)
        try:
            status = _follow(http, job.result()["job_id"])
        except KeyboardInterrupt:
            _request(http, "DELETE", f"/jobs/{job.result()['job_id']}")
            raise
        if status["status"] != "completed":
            raise ClientError(status.get("error") or f"the job is {status['status']}")
        path = output or Path(Path(status["filename"]).name)
        _download(http, status["download_url"], path)
    return DownloadedVideo(path, status)


def _request(http: httpx.Client, method: str, path: str, **options: Any) -> dict[str, Any]:
    try:
        response = http.request(method, path, **options)
    except httpx.TransportError as error:
        raise ClientError(f"{http.base_url} cannot be reached: {error}") from error
    return _body(response)


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ClientError(f"{response.url} answered {response.status_code}, but not with JSON")
    if response.is_error:
        raise ClientError(str(body.get("detail", response.status_code)))
    return body


def _follow(http: httpx.Client, job_id: str) -> dict[str, Any]:
    """Show the job's progress until it is over."""
    heard = time.monotonic()
    with tqdm(total=100, bar_format="{desc:<22}{percentage:3.0f}% |{bar}| {elapsed}") as bar:
        while True:
            try:
                status = _body(http.get(f"/status/{job_id}"))
                heard = time.monotonic()
            except httpx.TransportError as error:
                if time.monotonic() - heard > _PATIENCE:
                    raise ClientError(f"{http.base_url} is gone: {error}") from error
                time.sleep(_POLL_INTERVAL)
                continue
            bar.set_description_str(_describe(status), refresh=False)
            bar.n = status.get("percent", 0)
            bar.refresh()
            if status["status"] not in ("queued", "running"):
                return status
            time.sleep(_POLL_INTERVAL)


def _describe(status: dict[str, Any]) -> str:
    if status["status"] == "queued":
        return f"queued, position {status['queue_position']}"
    if status.get("stage") == "denoise":
        return f"step {status['step']} of {status['total_steps']}"
    return str(status.get("stage") or status["status"])


def _download(http: httpx.Client, path: str, target: Path) -> None:
    partial = Path(f"{target}.part")  # an existing file is only replaced by a whole one
    try:
        with http.stream("GET", path) as response:
            if response.is_error:
                response.read()
                _body(response)
            with partial.open("wb") as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)
        partial.replace(target)
    except (httpx.TransportError, OSError) as error:
        raise ClientError(f"the video could not be downloaded to {target}: {error}") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m frontend.client", description=__doc__)
    parser.add_argument("prompt")
    for name in ("duration", "resolution", "fps", "seed"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--output", type=Path, help="file to write")
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--api-key")
    options = parser.parse_args(arguments)
    names = ("prompt", "duration", "resolution", "fps", "seed")
    parameters = {name: value for name in names if (value := getattr(options, name)) is not None}
    raise_on_termination()
    try:
        video = make_video(parameters, options.url, options.output, options.api_key)
    except ClientError as error:
        raise SystemExit(f"Error: {error}") from error
    except KeyboardInterrupt:
        raise SystemExit("Cancelled") from None
    stages = video.status.get("stage_seconds", {})
    print(f"{video.path}  (seed {video.status['seed']})")
    print(", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in stages.items()))


if __name__ == "__main__":
    main()
