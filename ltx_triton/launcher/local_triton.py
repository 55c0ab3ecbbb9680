"""Run the tritonserver of the `nvidia-pytriton` wheel, and restart it if it dies.

`python -m ltx_triton.launcher.local_triton` serves the model repository until interrupted.
"""

import argparse
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from ltx_triton.contract import LTX_VIDEO
from ltx_triton.engines.device import select_devices
from ltx_triton.engines.machine_memory import (
    SHARED_MEMORY,
    runtime_warning,
    shared_memory_bytes,
)
from ltx_triton.json_file import JsonFileError
from ltx_triton.launcher.listening import Port, PortTakenError, require_free
from ltx_triton.launcher.process import LOOPBACK, Ports, TritonProcess
from ltx_triton.launcher.signals import raise_on_termination
from ltx_triton.launcher.wheel import (
    MissingDependencyError,
    ServerLinks,
    TritonWheel,
    make_plain_temporary_folder,
    raise_open_files_limit,
)
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import SERVED_REPOSITORY, version_folder
from ltx_triton.repository.prepare import PreparationError, prepare
from ltx_triton.settings import Settings, load_settings

log = logging.getLogger(__name__)

WATCH_INTERVAL = 0.1  # seconds
RESTART_DELAY = 0.5  # seconds
START_TIMEOUT = 900  # seconds; checkpoints of tens of gigabytes take minutes to load
# Each model gets a stub before it loads. A server that cannot start any does not exit by itself.
STUB_TIMEOUT = 10  # seconds
LOADING_LOG_INTERVAL = 10  # seconds
LEAST_SHARED_BYTES = 16e6  # for the smallest videos


class TritonStartError(RuntimeError):
    """The server did not become ready; the message quotes Triton's own errors."""


# Raised by `prepare` and on entering `LocalTriton`.
START_ERRORS = (
    FileNotFoundError,
    MissingDependencyError,
    JsonFileError,
    PortTakenError,
    PreparationError,
    TritonStartError,
)


def free_port() -> int:
    """Find an unused TCP port of the loopback address."""
    with socket.socket() as probe:
        # A process that is being forked at this moment holds the socket for some time longer.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def expected_ports(settings: Settings) -> tuple[Port, Port]:
    """Return where `settings` make the frontend expect Triton: for requests, and for metrics."""
    host, _, number = settings.triton_grpc_address.rpartition(":")
    return _ports(host, int(number), urlsplit(settings.triton_metrics_url).port or 0)


def _ports(host: str, grpc: int, metrics: int) -> tuple[Port, Port]:
    return Port("TRITON_GRPC_ADDRESS", host, grpc), Port("TRITON_METRICS_URL", host, metrics)


class LocalTriton:
    """Keeps a server running, as a context manager, and restarts it when it dies.

    Triton 2.51 does not survive the death of a Python stub: an engine's stub takes the server with
    it, and without the stub of `ltx_video` requests fail for ever and open streams hang. So the
    loss of any stub counts as the death of the server.
    """

    def __init__(
        self,
        repository: Path = SERVED_REPOSITORY,
        *,
        host: str = LOOPBACK,
        grpc_port: int | None = None,
        metrics_port: int | None = None,
        wheel: TritonWheel | None = None,
    ) -> None:
        self._repository = repository
        self._wheel = wheel
        self._ports = Ports(
            http=free_port(),
            grpc=grpc_port or free_port(),
            metrics=metrics_port or free_port(),
            host=host,
        )

    @classmethod
    def from_settings(cls, settings: Settings, repository: Path) -> Self:
        """Listen where `settings` make the frontend expect the server.

        Raises:
            TritonStartError: its name has no IPv4 address.
        """
        grpc, metrics = expected_ports(settings)
        try:
            host = socket.gethostbyname(grpc.host)
        except OSError as error:
            raise TritonStartError(
                f"Triton cannot listen on {grpc.variable}={settings.triton_grpc_address}: "
                f"{error.strerror}"
            ) from error
        return cls(repository, host=host, grpc_port=grpc.number, metrics_port=metrics.number)

    @property
    def ports(self) -> tuple[Port, ...]:
        """The ports that others use."""
        return _ports(self._ports.host, self._ports.grpc, self._ports.metrics)

    @property
    def grpc_address(self) -> str:
        return f"{self._ports.host}:{self._ports.grpc}"

    @property
    def metrics_url(self) -> str:
        return f"http://{self._ports.host}:{self._ports.metrics}/metrics"

    @property
    def pid(self) -> int:
        """Process id of the current server; changes with a restart."""
        return self._process.pid

    def __enter__(self) -> Self:
        """Start the server and wait until every model is ready.

        Raises:
            START_ERRORS: see `start` and `wait_until_ready`.
        """
        self.start()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @contextmanager
    def starting(self) -> Iterator[Self]:
        """Run the server, as a context that is entered before it is ready."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """Launch the server.

        Raises:
            FileNotFoundError: no checkpoint has been exported into the model repository.
            MissingDependencyError: a requirement of the server is not met.
            PortTakenError: a port is taken.
            TritonStartError: there is too little shared memory.
        """
        require_free(*self.ports)
        _require_shared_memory()
        PipelineConfig.load(version_folder(self._repository, LTX_VIDEO))
        raise_open_files_limit()
        wheel = self._wheel or TritonWheel.find()
        self._folder = make_plain_temporary_folder("ltx_triton_")
        links = wheel.link_into(self._folder.path / "links", self._repository)
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._start_failure = ""
        self._restart_reason = ""
        # One thread launches, watches and stops the servers: they are killed when the thread that
        # forked them ends, so it must outlive them.
        self._supervisor = threading.Thread(
            target=self._supervise, args=(wheel, links), name="local-triton"
        )
        self._supervisor.start()

    def wait_until_ready(self) -> None:
        """Block until every model is ready for the first time.

        Raises:
            TritonStartError: the server could not start or load a model.
        """
        started = time.monotonic()
        last_logged = started
        while not self._ready.wait(0.05):
            now = time.monotonic()
            if not self._supervisor.is_alive():
                raise TritonStartError(f"tritonserver could not start: {self._start_failure}")
            if now - started > START_TIMEOUT:
                raise TritonStartError(
                    f"tritonserver was not ready after {START_TIMEOUT} s:\n{self._process.errors()}"
                )
            if now - last_logged > LOADING_LOG_INTERVAL:
                last_logged = now
                log.info("Triton is still loading the models (%.0f s) ...", now - started)
        if warning := runtime_warning(select_devices(self._repository)):
            log.warning(warning)  # Triton's own log is deleted when it ends

    def restart(self, reason: str) -> None:
        """Let the supervisor kill the server and start it again."""
        self._restart_reason = reason

    def stop(self) -> None:
        """Stop the server and its Python stubs, and remove their shared memory."""
        self._stopping.set()
        self._supervisor.join()
        self._folder.remove()

    def _supervise(self, wheel: TritonWheel, links: ServerLinks) -> None:
        while not self._stopping.is_set():
            try:
                self._process = TritonProcess(wheel, links, self._ports)
            except OSError as error:
                log.error("tritonserver could not be launched: %s", error)
                if not self._ready.is_set():
                    self._start_failure = str(error)
                    return
                self._stopping.wait(RESTART_DELAY)
                continue
            death = self._watch()
            if death is None:
                self._process.terminate()
                return
            self._process.kill()
            if not self._ready.is_set():
                self._start_failure = f"{death}. Its log:\n{self._process.errors()}"
                return
            log.error("%s; restarting it. Its log:\n%s", death, self._process.errors())
            self._stopping.wait(RESTART_DELAY)

    def _watch(self) -> str | None:
        """Wait until the server dies and return how; return None if it is to stop."""
        ready = False
        last_seen_stubs = time.monotonic()
        while not self._stopping.wait(WATCH_INTERVAL):
            if reason := self._restart_reason:
                self._restart_reason = ""
                return reason
            if self._process.exit_code is not None:
                return f"tritonserver died (exit {self._process.exit_code})"
            if self._process.has_lost_a_stub():
                return "a Python stub of tritonserver died"
            if ready:
                continue
            if self._process.is_ready():
                ready = True
                self._ready.set()
            elif self._process.has_stubs():
                last_seen_stubs = time.monotonic()
            elif time.monotonic() - last_seen_stubs > STUB_TIMEOUT:
                return f"tritonserver has had no Python stub for {STUB_TIMEOUT} s"
        return None


def _require_shared_memory() -> None:
    free = shared_memory_bytes()
    if free < LEAST_SHARED_BYTES:
        raise TritonStartError(
            f"{SHARED_MEMORY} has {free / 1e6:.0f} MB free and Triton needs "
            f"{LEAST_SHARED_BYTES / 1e6:.0f}, more for large videos: give a container more with "
            "--shm-size, or remove other programs' files there"
        )


def log_to_terminal() -> None:
    """Let a command that starts Triton say what it does."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the model repository with a local Triton.")
    parser.add_argument(
        "--model-repository",
        type=Path,
        default=SERVED_REPOSITORY,
        help="folder with the exported models (default: %(default)s)",
    )
    repository: Path = parser.parse_args().model_repository
    log_to_terminal()
    settings = load_settings()
    raise_on_termination()
    try:
        prepare(repository)
        with (
            suppress(KeyboardInterrupt),
            LocalTriton.from_settings(settings, repository) as triton,
        ):
            log.info(
                "Triton is ready: gRPC on %s, metrics at %s",
                triton.grpc_address,
                triton.metrics_url,
            )
            while True:  # in turns, for the reason given in `raise_on_termination`
                time.sleep(1)
    except START_ERRORS as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
