"""The whole service on this machine: Triton from the wheel with the frontend before it.

`python -m frontend.local_stack` serves until interrupted.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from ltx_triton.interrupt import raise_on_termination
from ltx_triton.local_triton import (
    LocalTriton,
    TritonStartError,
    free_port,
    parse_repository,
)
from ltx_triton.settings import Settings, load_settings
from ltx_triton.triton_wheel import MissingPieceError

log = logging.getLogger(__name__)

START_TIMEOUT = 60  # seconds
STOP_TIMEOUT = 20  # seconds


class FrontendStartError(RuntimeError):
    """The frontend did not become healthy."""


class LocalStack:
    """Triton and the frontend as a context manager; on exit both are gone."""

    def __init__(
        self,
        triton: LocalTriton,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        log_file: Path | None = None,
    ) -> None:
        self.triton = triton
        self._host = host
        self._port = port or free_port()
        self._environment = dict(environment or {})
        self._log_file = log_file

    @classmethod
    def at(cls, settings: Settings, repository: Path) -> Self:
        """A stack on the addresses that `settings` name."""
        return cls(
            LocalTriton.at(settings, repository), host=settings.api_host, port=settings.api_port
        )

    @property
    def url(self) -> str:
        """Base URL of the HTTP API, as seen from this machine."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        """Start Triton, then the frontend, and wait until both are ready.

        Raises:
            FileNotFoundError, MissingPieceError, TritonStartError: as `LocalTriton` does.
            FrontendStartError: the frontend ended or did not answer in time.
        """
        self.triton.__enter__()
        try:
            self.start_frontend()
        except BaseException:
            self.triton.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the frontend, which hands its jobs back, then Triton."""
        self.stop_frontend()
        self.triton.stop()

    def start_frontend(self) -> None:
        """Start the frontend and wait until it is healthy."""
        output = self._log_file.open("ab") if self._log_file else None
        self.frontend = subprocess.Popen(
            [sys.executable, "-m", "frontend"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C goes to us, who stop it before Triton
            env=os.environ
            | self._environment
            | {
                "API_HOST": self._host,
                "API_PORT": str(self._port),
                "TRITON_GRPC_ADDRESS": self.triton.grpc_address,
                "TRITON_METRICS_URL": self.triton.metrics_url,
            },
        )
        if output:
            output.close()
        try:
            self._wait_until_healthy()
        except BaseException:
            self.stop_frontend()
            raise

    def stop_frontend(self) -> None:
        """Stop the frontend in order; kill it when it does not."""
        self.frontend.terminate()
        try:
            self.frontend.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.frontend.kill()
            self.frontend.wait()

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self.frontend.poll() is not None:
                raise FrontendStartError(f"the frontend ended (exit {self.frontend.returncode})")
            try:
                if httpx.get(f"{self.url}/health", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise FrontendStartError(f"the frontend was not healthy after {START_TIMEOUT} s")


def main() -> None:
    """Serve on the addresses that the settings name, until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    repository = parse_repository("Serve the HTTP API with a local Triton behind it.")
    settings = load_settings()
    raise_on_termination()
    try:
        with contextlib.suppress(KeyboardInterrupt), LocalStack.at(settings, repository) as stack:
            log.info("Ready: %s (Ctrl-C stops)", stack.url)
            signal.pause()
    except (FileNotFoundError, MissingPieceError, TritonStartError, FrontendStartError) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
