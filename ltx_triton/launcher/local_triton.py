"""The real tritonserver of the `nvidia-pytriton` wheel, kept running on loopback.

`python -m ltx_triton.launcher.local_triton` serves the model repository until interrupted.
"""

import argparse
import contextlib
import logging
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from ltx_triton.contract import LTX_VIDEO
from ltx_triton.json_file import JsonFileError
from ltx_triton.launcher.process import LOOPBACK, Ports, TritonProcess
from ltx_triton.launcher.signals import raise_on_termination
from ltx_triton.launcher.wheel import (
    MissingPieceError,
    ServerLinks,
    TritonWheel,
    make_plain_folder,
    raise_open_files_limit,
)
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import SERVED_REPOSITORY, version_folder
from ltx_triton.settings import Settings, load_settings

log = logging.getLogger(__name__)

WATCH_INTERVAL = 0.1  # seconds
RESTART_DELAY = 0.5  # seconds
START_TIMEOUT = 900  # seconds; checkpoints of tens of gigabytes take minutes to load
# Every model has a stub, which starts before it loads; a server that cannot start any lives on.
STUB_TIMEOUT = 10  # seconds
PATIENCE = 10  # seconds between words that the server is still loading


class TritonStartError(RuntimeError):
    """The server did not become ready; the message holds Triton's own words."""


# What `LocalTriton` raises when it cannot be entered.
START_ERRORS = (FileNotFoundError, MissingPieceError, JsonFileError, TritonStartError)


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class LocalTriton:
    """A running server, as a context manager. A server that dies is started again.

    Triton 2.51 does not survive the death of a Python stub: that of an engine takes the server
    with it, that of `ltx_video` leaves it answering errors for ever with its streams hanging. So
    losing any stub counts as the death of the server.
    """

    def __init__(
        self,
        repository: Path = SERVED_REPOSITORY,
        *,
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
        )

    @classmethod
    def at(cls, settings: Settings, repository: Path) -> Self:
        """A server on the ports where `settings` let the frontend look for it."""
        return cls(
            repository,
            grpc_port=int(settings.triton_grpc_address.rpartition(":")[2]),
            metrics_port=urlsplit(settings.triton_metrics_url).port,
        )

    @property
    def grpc_address(self) -> str:
        """Host and port for gRPC clients."""
        return f"{LOOPBACK}:{self._ports.grpc}"

    @property
    def metrics_url(self) -> str:
        """URL of the Prometheus metrics."""
        return f"http://{LOOPBACK}:{self._ports.metrics}/metrics"

    @property
    def pid(self) -> int:
        """Process id of the server that runs now."""
        return self._process.pid

    def __enter__(self) -> Self:
        """Start the server and wait until every model is ready.

        Raises:
            FileNotFoundError: no checkpoint has been exported into the model repository.
            MissingPieceError: something that the server needs is not installed.
            TritonStartError: the server could not start, or not load a model.
        """
        PipelineConfig.load(version_folder(self._repository, LTX_VIDEO))
        raise_open_files_limit()
        wheel = self._wheel or TritonWheel.find()
        self._folder = make_plain_folder("ltx_triton_")
        links = wheel.link_into(Path(self._folder.name), self._repository)
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._start_failure = ""
        # One thread launches, watches and ends the servers: their death signal is tied to the
        # thread that forked them, which must therefore live as long as they do.
        self._keeper = threading.Thread(
            target=self._keep_running, args=(wheel, links), name="local-triton"
        )
        self._keeper.start()
        try:
            self._wait_for_first_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()

    def stop(self) -> None:
        """End the server, its Python stubs and their shared memory."""
        self._stopping.set()
        self._keeper.join()
        self._folder.cleanup()

    def _keep_running(self, wheel: TritonWheel, links: ServerLinks) -> None:
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
            log.error("%s; starting it again. Its log:\n%s", death, self._process.errors())
            self._stopping.wait(RESTART_DELAY)

    def _watch(self) -> str | None:
        """Return how the server died, or None when it is to be stopped."""
        ready = False
        had_stubs_at = time.monotonic()
        while not self._stopping.wait(WATCH_INTERVAL):
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
                had_stubs_at = time.monotonic()
            elif time.monotonic() - had_stubs_at > STUB_TIMEOUT:
                return f"tritonserver has had no Python stub for {STUB_TIMEOUT} s"
        return None

    def _wait_for_first_ready(self) -> None:
        started = time.monotonic()
        told = started
        while not self._ready.wait(0.05):
            now = time.monotonic()
            if not self._keeper.is_alive():
                raise TritonStartError(f"tritonserver could not start: {self._start_failure}")
            if now - started > START_TIMEOUT:
                raise TritonStartError(
                    f"tritonserver was not ready after {START_TIMEOUT} s:\n{self._process.errors()}"
                )
            if now - told > PATIENCE:
                told = now
                log.info("Triton is loading the models, for %.0f s now ...", now - started)


def prepare_command(description: str) -> tuple[Path, Settings]:
    """Set up a command that serves: its logging, its signals, the command line and the settings.

    Returns:
        The model repository to serve, and the settings.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--model-repository",
        type=Path,
        default=SERVED_REPOSITORY,
        help="folder with the exported models (default: %(default)s)",
    )
    repository: Path = parser.parse_args().model_repository
    settings = load_settings()
    raise_on_termination()
    return repository, settings


def main() -> None:
    """Serve on the ports that the settings name, until SIGINT or SIGTERM."""
    repository, settings = prepare_command("Serve the model repository with the local Triton.")
    try:
        with contextlib.suppress(KeyboardInterrupt), LocalTriton.at(settings, repository) as triton:
            log.info(
                "Triton is ready: gRPC on %s, metrics at %s",
                triton.grpc_address,
                triton.metrics_url,
            )
            signal.pause()
    except START_ERRORS as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
