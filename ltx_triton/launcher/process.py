"""One tritonserver process with its Python stubs, from launch to the last of them gone."""

import contextlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass

import httpx
import psutil

from ltx_triton.contract import MODELS
from ltx_triton.launcher.shared_memory import SharedMemory
from ltx_triton.launcher.signals import die_with_parent
from ltx_triton.launcher.wheel import ServerLinks, TritonWheel

LOOPBACK = "127.0.0.1"
EXIT_TIMEOUT = 10  # seconds for requests still running; without it a crashed stub blocks the exit
# Of Triton itself, of the C++ runtime and of the shells that start its stubs.
_ERROR_LINE = re.compile(r"E\d{4} |error:|terminate|\S*bash: |\S*sh: \d+: ")


@dataclass(frozen=True)
class Ports:
    """Where the server listens, on the loopback address."""

    http: int
    grpc: int
    metrics: int


class TritonProcess:
    """A tritonserver that loads the linked models and writes its log beside the links."""

    def __init__(self, wheel: TritonWheel, links: ServerLinks, ports: Ports) -> None:
        self._shared_memory = SharedMemory()
        self._shared_memory.remove_leftovers()
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
            f"--grpc-address={LOOPBACK}",
            f"--grpc-port={ports.grpc}",
            f"--metrics-address={LOOPBACK}",
            f"--metrics-port={ports.metrics}",
            f"--exit-timeout-secs={EXIT_TIMEOUT}",
            "--model-control-mode=none",
            "--strict-readiness=true",
            "--exit-on-error=true",
        ]
        with self.log_path.open("wb") as log_file:
            self._process = subprocess.Popen(
                command,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ | wheel.environment(links),
                start_new_session=True,  # Ctrl-C goes to the launcher, which ends the server
                preexec_fn=die_with_parent,
            )

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative for a signal; None while the server runs."""
        return self._process.poll()

    def is_ready(self) -> bool:
        """Whether every model of the contract answers that it is ready."""
        paths = ["/v2/health/ready", *(f"/v2/models/{model.name}/ready" for model in MODELS)]
        try:
            # Closed at once: the server's exit waits for open connections. No proxy: it is here.
            with httpx.Client(base_url=self._url, timeout=5, trust_env=False) as client:
                ready = all(client.get(path).is_success for path in paths)
        except httpx.TransportError:
            return False
        if ready:
            # Only now: while it loads, the server starts and ends stubs of no consequence.
            self._stubs = self._descendants()
        return ready

    def has_lost_a_stub(self) -> bool:
        """Whether one of the stubs of the ready server is gone."""
        return not all(_is_alive(stub) for stub in self._stubs)

    def has_stubs(self) -> bool:
        """Whether any Python stub runs. A server that loads or serves models has some."""
        return any(_is_alive(stub) for stub in self._descendants())

    def errors(self) -> str:
        """Triton's own error lines, or the end of its log where there are none."""
        lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        marked = [line for line in lines if _ERROR_LINE.match(line)]
        return "\n".join(marked or lines[-20:])

    def terminate(self) -> None:
        """Let requests end and models unload, then `kill` what is left.

        Once the stubs have gone there is nothing left to lose; what gRPC does in its last ten
        seconds is not worth waiting for.
        """
        self._process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + EXIT_TIMEOUT + 5
        while self._process.poll() is None and time.monotonic() < deadline:
            if not any(_is_alive(stub) for stub in self._descendants()):
                break
            time.sleep(0.05)
        self.kill()

    def kill(self) -> None:
        """End the server and its stubs at once and remove their shared memory."""
        self._process.kill()
        self._process.wait()
        # Its stubs are no longer its children, but still of the session that it was started in.
        for process in psutil.process_iter():
            with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
                if os.getsid(process.pid) == self.pid:
                    process.kill()
        self._shared_memory.remove()

    def _descendants(self) -> set[psutil.Process]:
        try:
            return set(psutil.Process(self._process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return set()


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
