"""Run the frontend as a process on this machine, in front of a local Triton."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Self

from frontend.health_reasons import ENGINES_FAIL
from frontend.local.health import UnhealthyError, unhealthy_reason, wait_until_healthy
from ltx_triton.folders import SHIPPED
from ltx_triton.launcher import local_triton
from ltx_triton.launcher.listening import Port, require_free
from ltx_triton.launcher.local_triton import LocalTriton, free_port
from ltx_triton.parent_process import die_with_parent

START_TIMEOUT = 60  # seconds
STOP_TIMEOUT = 20  # seconds
_WAIT_INTERVAL = 0.1  # seconds
_CHECK_INTERVAL = 5.0  # seconds between looks at the engines


class FrontendStartError(RuntimeError):
    """The frontend did not become healthy, or ended."""


# Raised on entering `LocalTriton` and `LocalFrontend`.
START_ERRORS = (*local_triton.START_ERRORS, FrontendStartError)


def local_url(host: str, port: int) -> str:
    """Return where this machine reaches what listens there."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{here}]:{port}" if ":" in here else f"http://{here}:{port}"


class LocalFrontend:
    """Run `python -m frontend` as a context manager."""

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
        self._log_file = log_file
        self._environment = {
            **os.environ,
            **(environment or {}),
            "API_HOST": host,
            "API_PORT": str(self._port),
            "TRITON_GRPC_ADDRESS": triton.grpc_address,
            "TRITON_METRICS_URL": triton.metrics_url,
            "PYTHONPATH": os.pathsep.join(
                filter(None, (str(SHIPPED), os.environ.get("PYTHONPATH")))
            ),
        }

    @property
    def port(self) -> Port:
        return Port("API_PORT", self._host, self._port)

    @property
    def url(self) -> str:
        """Base URL of the HTTP API, reachable from this machine."""
        return local_url(self._host, self._port)

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        """Start the frontend and wait until Triton is ready and it is healthy.

        Raises:
            TritonStartError: Triton, which may have been starting, could not.
            PortTakenError: the port is taken.
            FrontendStartError: the frontend ended, or it did not answer.
        """
        require_free(self.port)  # otherwise a health check could reach another server
        output = self._log_file.open("ab") if self._log_file else None
        self._process = subprocess.Popen(
            # Not from the current folder (-P), which may hold a `frontend` of somebody else.
            [sys.executable, "-P", "-m", "frontend"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches the launcher, which stops it before Triton
            preexec_fn=partial(die_with_parent, os.getpid()),
            env=self._environment,
        )
        if output:
            output.close()
        try:
            self.triton.wait_until_ready()
            wait_until_healthy(self._process, self.url, START_TIMEOUT)
        except BaseException as error:
            self.stop()
            if isinstance(error, UnhealthyError):
                raise FrontendStartError(f"the frontend {error}") from error
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Terminate the frontend, which releases its jobs; kill it after STOP_TIMEOUT."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # its workers too
            self._process.wait()

    def wait(self) -> int:
        """Block until the frontend exits, and restart Triton when its engines fail.

        Returns:
            The exit code.
        """
        checked = time.monotonic()
        while (exit_code := self._process.poll()) is None:
            time.sleep(_WAIT_INTERVAL)  # in turns, for the reason given in `raise_on_termination`
            if time.monotonic() - checked > _CHECK_INTERVAL:
                if unhealthy_reason(self.url) == ENGINES_FAIL:
                    self.triton.restart(ENGINES_FAIL)
                checked = time.monotonic()
        return exit_code
