"""`python -m frontend.client "prompt"`: request a video, show its progress, download it."""

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

# Parameters of `POST /generate`.
_NUMBERS = ("duration", "num_frames", "fps", "resolution", "num_inference_steps", "seed")

_POLL_INTERVAL = 0.3  # seconds
_RECONNECT_TIMEOUT = 60.0  # seconds; an accepted job survives a restart of the server
_REQUEST_TIMEOUT = 30.0  # seconds
# A proxy of the environment is not for this machine itself.
WITHOUT_PROXY = dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]"))


class ClientError(Exception):
    """The video could not be made or downloaded; the message is one line."""


@dataclass(frozen=True)
class DownloadedVideo:
    path: Path
    status: dict[str, Any]  # the last answer of GET /status


def make_video(
    parameters: dict[str, str | int],
    url: str = "http://localhost:8000",
    output: Path | None = None,
    api_key: str | None = None,
) -> DownloadedVideo:
    """Request a video and download it, showing progress. Ctrl-C cancels the job on the server.

    Args:
        parameters: parameters of `POST /generate`, at least `prompt`.
        url: base URL of the API.
        output: file to write; None: the server's file name, in the current folder.
        api_key: the API key, if the server requires one.

    Raises:
        ClientError: the video could not be made or downloaded.
    """
    if output and output.is_dir():
        raise ClientError(f"{output} is a folder, not a file to write")
    _require_utf8({"prompt": parameters["prompt"], "URL": url, "API key": api_key})
    headers = {b"X-API-Key": api_key.encode()} if api_key else {}
    with (
        httpx.Client(
            base_url=url, headers=headers, timeout=_REQUEST_TIMEOUT, mounts=WITHOUT_PROXY
        ) as http,
        ThreadPoolExecutor(1) as thread,
    ):
        # In a thread, out of reach of Ctrl-C: the server may already have accepted the job.
        body = {**parameters, "wait": False}
        job = thread.submit(_request, http, "POST", "/generate", json=body)
        try:
            job_id = job.result()["job_id"]
            status = _follow(http, job_id)
        except KeyboardInterrupt:
            _request(http, "DELETE", f"/jobs/{job.result()['job_id']}")
            raise
        if status["status"] != "completed":
            raise ClientError(status.get("error") or f"the job is {status['status']}")
        path = output or Path(Path(status["filename"]).name)
        _download(http, f"/download/{job_id}", path)
    return DownloadedVideo(path, status)


def _require_utf8(texts: dict[str, str | int | None]) -> None:
    # Python passes other bytes of a command line on, as characters that nothing can encode.
    for name, text in texts.items():
        try:
            str(text).encode()
        except UnicodeEncodeError:
            raise ClientError(f"the {name} is not UTF-8") from None


def _request(http: httpx.Client, method: str, path: str, **options: Any) -> dict[str, Any]:
    try:
        response = http.request(method, path, **options)
    except httpx.TransportError as error:
        raise ClientError(f"{http.base_url} cannot be reached: {error}") from error
    return _parse_body(response)


def _parse_body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ClientError(f"{response.url} answered {response.status_code} without a JSON body")
    if response.is_error:
        raise ClientError(str(body.get("detail", response.status_code)))
    return body


def _follow(http: httpx.Client, job_id: str) -> dict[str, Any]:
    """Show the job's progress until it finishes, and return its last status."""
    last_response = time.monotonic()
    with tqdm(total=100, bar_format="{desc:<22}{percentage:3.0f}% |{bar}| {elapsed}") as bar:
        while True:
            try:
                status = _parse_body(http.get(f"/status/{job_id}"))
                last_response = time.monotonic()
            except httpx.TransportError as error:
                if time.monotonic() - last_response > _RECONNECT_TIMEOUT:
                    raise ClientError(f"lost the connection to {http.base_url}: {error}") from error
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
    partial = Path(f"{target}.part")  # replace an existing file only by a complete one
    try:
        with http.stream("GET", path) as response:
            if response.is_error:
                response.read()
                _parse_body(response)
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
    parser = argparse.ArgumentParser(prog="python -m frontend.client", description=__doc__)
    parser.add_argument("prompt")
    for name in _NUMBERS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    parser.add_argument("--size", metavar="WIDTHxHEIGHT")
    parser.add_argument("--output", type=Path, help="file to write")
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--api-key")
    options = parser.parse_args(arguments)
    names = ("prompt", "size", *_NUMBERS)
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
