"""One tritonserver process with its Python stubs, from launch until the last of them exits."""

import contextlib
import itertools
import os
import re
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import httpx
import psutil

from ltx_triton.contract import MODELS
from ltx_triton.launcher.shared_memory import SharedMemory
from ltx_triton.launcher.wheel import ServerLinks, TritonWheel
from ltx_triton.parent_process import die_with_parent

LOOPBACK = "127.0.0.1"
EXIT_TIMEOUT = 10  # seconds for running requests; without it a crashed stub blocks the exit
# Return freed buffers of a mebibyte and more to the system at once, and keep few arenas: or glibc
# holds on to the frames of past requests.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(2**20), "MALLOC_ARENA_MAX": "2"}
_SERVER = "tritonserver"
# What neither the frontend nor Prometheus uses, as in deploy/triton.sh.
_CLOSED = "shared-memory,model-repository,statistics,trace,logging"
# Errors of Triton itself, of the C++ runtime and of the shells that start its stubs.
_ERROR_LINE = re.compile(r"E\d{4} |error:|terminate|\S*bash: |\S*sh: \d+: ")


@dataclass(frozen=True)
class Ports:
    """The server's ports. The one for HTTP, which only the launcher uses, is on loopback."""

    http: int
    grpc: int
    metrics: int
    host: str = LOOPBACK  # the address of the other two


class TritonProcess:
    """A tritonserver that loads the linked models and logs to the folder of the links."""

    def __init__(self, wheel: TritonWheel, links: ServerLinks, ports: Ports) -> None:
        self._shared_memory = SharedMemory()
        self._shared_memory.remove_stale()
        _remove_environments()
        self._url = f"http://{LOOPBACK}:{ports.http}"
        self._stubs: set[psutil.Process] = set()
        self.log_path = links.folder / "triton.log"
        command = [
            str(wheel.server),
            f"--model-repository={links.models}",
            f"--backend-directory={links.backends}",
            f"--backend-config=python,shm-region-prefix-name={self._shared_memory.prefix}",
            f"--http-address={LOOPBACK}",
            f"--http-port={ports.http}",
            f"--grpc-address={ports.host}",
            f"--grpc-port={ports.grpc}",
            f"--metrics-address={ports.host}",
            f"--metrics-port={ports.metrics}",
            # The frontend pings through long silent stages; Triton would end its stream for that.
            "--grpc-http2-max-ping-strikes=0",
            f"--exit-timeout-secs={EXIT_TIMEOUT}",
            # The configs are complete; completing them would start every model's process twice.
            "--disable-auto-complete-config",
            # Otherwise the server keeps the messages of past requests, all frames of a long video.
            "--grpc-infer-allocation-pool-size=0",
            "--model-control-mode=none",
            "--strict-readiness=true",
            "--exit-on-error=true",
        ]
        if not ip_address(ports.host).is_loopback:
            # Restricted APIs require this secret, which nobody is told.
            command.append(f"--grpc-restricted-protocol={_CLOSED}:closed={secrets.token_hex()}")
        with self.log_path.open("wb") as log_file:
            self._process = subprocess.Popen(
                command,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=links.folder,  # stubs import from the current folder before anything else
                env=_MALLOC | os.environ | wheel.environment(links),
                start_new_session=True,  # Ctrl-C goes to the launcher, which ends the server
                # SIGTERM would let it drain, and hold the ports that the next start needs.
                preexec_fn=partial(die_with_parent, os.getpid(), signal.SIGKILL),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative for a signal; None while running."""
        return self._process.poll()

    def is_ready(self) -> bool:
        paths = ["/v2/health/ready", *(f"/v2/models/{model.name}/ready" for model in MODELS)]
        try:
            # Close at once: the server's exit waits for open connections. No proxy: it is local.
            with httpx.Client(base_url=self._url, timeout=5, trust_env=False) as client:
                ready = all(client.get(path).is_success for path in paths)
        except httpx.TransportError:
            return False
        if ready:
            # Only now: while loading, the server also starts and stops short-lived stubs.
            self._stubs = self._descendants()
        return ready

    def has_lost_a_stub(self) -> bool:
        """Return whether a stub has died since `is_ready` returned true."""
        return not all(_is_alive(stub) for stub in self._stubs)

    def has_stubs(self) -> bool:
        """Return whether a Python stub runs, as while models load or are served."""
        return any(_is_alive(stub) for stub in self._descendants())

    def errors(self) -> str:
        """Return Triton's own error lines, or the end of its log if there are none."""
        lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        marked = [line for line in lines if _ERROR_LINE.match(line)]
        return "\n".join(marked or lines[-20:])

    def terminate(self) -> None:
        """Let requests finish and models unload, then kill the rest.

        Does not wait for the server once the stubs have exited: gRPC would take ten more seconds.
        """
        self._process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + EXIT_TIMEOUT + 5
        while self._process.poll() is None and time.monotonic() < deadline:
            if not any(_is_alive(stub) for stub in self._descendants()):
                break
            time.sleep(0.05)
        self.kill()

    def kill(self) -> None:
        """Kill the server and its stubs, and remove their shared memory."""
        self._process.kill()
        self._process.wait()
        # The stubs, orphaned now, still belong to the session that was started for the server.
        # Twice: a shell may start one after it was listed and before it is killed.
        for process in itertools.chain(psutil.process_iter(), psutil.process_iter()):
            with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
                if os.getsid(process.pid) == self.pid:
                    process.kill()
        self._shared_memory.remove()
        _remove_environments()

    def _descendants(self) -> set[psutil.Process]:
        try:
            return set(psutil.Process(self._process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return set()


def _remove_environments() -> None:
    """Remove the empty folders that the Python backends of killed servers have left in /tmp.

    Their names do not tell the owner: leave them while any server runs.
    """
    if any(process.info["name"] == _SERVER for process in psutil.process_iter(["name"])):
        return
    for folder in Path("/tmp").glob("python_env_*"):  # noqa: S108  fixed by the Python backend
        with contextlib.suppress(OSError):  # somebody else's, or of Python environments in use
            folder.rmdir()


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
