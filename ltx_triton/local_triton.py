"""The real tritonserver of the `nvidia-pytriton` wheel, on loopback, without containers.

`python -m ltx_triton.local_triton` serves the model repository until interrupted.
"""

import contextlib
import ctypes
import logging
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil

from ltx_triton.contract import MODELS
from ltx_triton.pipeline_config import MODEL_REPOSITORY, PipelineConfig
from ltx_triton.shared_memory import SharedMemory
from ltx_triton.triton_wheel import TritonWheel

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
EXIT_TIMEOUT = 10  # seconds for requests still running; without it a crashed stub blocks the exit
START_TIMEOUT = 900  # seconds; checkpoints of tens of gigabytes take minutes to load


class TritonStartError(RuntimeError):
    """The server did not become ready; the message holds Triton's own words."""


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@dataclass
class LocalTriton:
    """A running server, as a context manager; a server that dies is started again."""

    repository: Path = MODEL_REPOSITORY
    grpc_port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)

    @property
    def grpc_address(self) -> str:
        """Host and port for gRPC clients."""
        return f"{LOOPBACK}:{self.grpc_port}"

    @property
    def http_url(self) -> str:
        """Base URL of Triton's own HTTP interface."""
        return f"http://{LOOPBACK}:{self.http_port}"

    @property
    def metrics_url(self) -> str:
        """URL of the Prometheus metrics."""
        return f"http://{LOOPBACK}:{self.metrics_port}/metrics"

    @property
    def pid(self) -> int:
        """Process id of the server that runs now."""
        return self._process.pid

    def __enter__(self) -> Self:
        """Start the server and wait until every model is ready.

        Raises:
            TritonStartError: something needed is missing, or a model could not be loaded.
        """
        PipelineConfig.load(self.repository / "ltx_video" / "1")
        self._wheel = TritonWheel.find()
        self._folder = tempfile.TemporaryDirectory(prefix="ltx_triton_")
        self._log_path = Path(self._folder.name) / "triton.log"
        self._shared_memory = SharedMemory()
        self._shared_memory.remove_leftovers()
        self._started = threading.Event()
        self._ready = threading.Event()
        self._stopping = threading.Event()
        # One thread starts, watches and ends the server: PR_SET_PDEATHSIG (below) follows the
        # thread that forked, so it must live as long as the server.
        self._keeper = threading.Thread(target=self._keep_running, name="local-triton")
        self._keeper.start()
        try:
            self._started.wait()
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    def stop(self) -> None:
        """End the server, its Python stubs and their shared memory."""
        self._stopping.set()
        self._keeper.join()
        self._folder.cleanup()

    def log_text(self) -> str:
        """What the server has printed so far."""
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    def wait(self) -> None:
        """Block until the server has been stopped."""
        self._keeper.join()

    def _keep_running(self) -> None:
        while not self._stopping.is_set():
            self._launch()
            self._started.set()
            family: set[psutil.Process] = set()
            while self._process.poll() is None and not self._stopping.wait(0.2):
                family |= _descendants(self._process.pid)
            if self._stopping.is_set():
                self._terminate()
            else:
                log.error("tritonserver died (exit %s)", self._process.returncode)
            for process in family:
                _kill(process)
            self._shared_memory.remove()
            if not self._ready.is_set():
                return  # the first start failed: __enter__ says why

    def _launch(self) -> None:
        command = [
            str(self._wheel.server),
            f"--model-repository={self.repository}",
            f"--backend-directory={self._wheel.backend_directory(Path(self._folder.name))}",
            f"--backend-config=python,shm-region-prefix-name={self._shared_memory.prefix}",
            f"--http-address={LOOPBACK}",
            f"--http-port={self.http_port}",
            f"--grpc-address={LOOPBACK}",
            f"--grpc-port={self.grpc_port}",
            f"--metrics-address={LOOPBACK}",
            f"--metrics-port={self.metrics_port}",
            f"--exit-timeout-secs={EXIT_TIMEOUT}",
            "--model-control-mode=none",
            "--strict-readiness=true",
            "--exit-on-error=true",
        ]
        with self._log_path.open("ab") as log_file:
            self._process = subprocess.Popen(
                command,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ | self._wheel.environment(),
                start_new_session=True,  # Ctrl-C goes to us alone: we end the server in order
                preexec_fn=_die_with_parent,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        with httpx.Client(base_url=self.http_url, timeout=5) as client:
            while time.monotonic() < deadline:
                if self._process.poll() is not None:
                    raise TritonStartError(f"tritonserver could not start:\n{self._errors()}")
                if _is_ready(client):
                    self._ready.set()
                    return
                time.sleep(0.05)
        raise TritonStartError(
            f"tritonserver was not ready after {START_TIMEOUT} s:\n{self._errors()}"
        )

    def _errors(self) -> str:
        """Triton's own error lines, or the end of its log where there are none."""
        lines = self.log_text().splitlines()
        marked = [line for line in lines if line.startswith(("E", "error:", "terminate"))]
        return "\n".join(marked or lines[-20:])

    def _terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(EXIT_TIMEOUT + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return all(
            client.get(path).is_success
            for path in ("/v2/health/ready", *(f"/v2/models/{m.name}/ready" for m in MODELS))
        )
    except httpx.TransportError:
        return False


def _descendants(pid: int) -> set[psutil.Process]:
    try:
        return set(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return set()


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()  # psutil checks that the pid has not been reused


def _die_with_parent() -> None:
    """In the child: be terminated when the launcher is killed without a chance to clean up."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
