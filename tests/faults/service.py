"""The command behind `make serve`, on ports and in folders of its own, to do damage to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from ltx_triton.launcher.local_triton import free_port

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
_PATIENCE = 120.0  # seconds
_JOB = {"prompt": "a red ball", "resolution": 512, "duration": 4, "fps": 8, "wait": False}


class FaultyService:
    """Keeps its log and its videos over a restart."""

    def __init__(self, repository: Path, folder: Path, **environment: str) -> None:
        self.outputs = folder / "outputs"
        self.log = folder / "log.txt"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._command = [sys.executable, "-m", "frontend.local.stack"]
        self._command += ["--model-repository", str(repository)]
        self._environment = {
            **os.environ,
            "API_HOST": "127.0.0.1",
            "API_PORT": str(port),
            "TRITON_GRPC_ADDRESS": f"127.0.0.1:{free_port()}",
            "TRITON_METRICS_URL": f"http://127.0.0.1:{free_port()}/metrics",
            "OUTPUT_DIR": str(self.outputs),
            "TMPDIR": str(self.temporary),
            **environment,
        }

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=output, stderr=output
            )
        self._ever = {psutil.Process(self._process.pid)}
        wait_until(self.is_healthy, "healthy")
        self._ever.update(self.processes())

    def stop(self) -> int:
        """End it as an operator does; return its exit code."""
        self._ever.update(self.processes())
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(_PATIENCE)

    def wait_until_ended(self) -> None:
        self._process.wait(_PATIENCE)

    def is_healthy(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.url}/health", timeout=30, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def processes(self) -> list[psutil.Process]:
        """Return the launcher and all that it has started."""
        try:
            launcher = psutil.Process(self._process.pid)
            return [launcher, *launcher.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def find(self, role: str) -> list[psutil.Process]:
        """Return the processes of a role, of which there may be several."""
        found = [process for process in self.processes() if _has_role(process, role)]
        self._ever.update(found)
        return found

    def survivors(self) -> list[psutil.Process]:
        """Return the processes that were ever seen and still run."""
        alive = [process for process in self._ever if process.is_running()]
        return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]

    def open_files(self) -> int:
        return sum(process.num_fds() for process in self.processes())

    def leftovers(self) -> list[Path]:
        """Return partial videos, temporary folders and shared memory, if it does not run."""
        partial = self.outputs.glob(".video_*")
        temporary = self.temporary.glob("ltx_*")
        return [*partial, *temporary, *set(_regions()).difference(self._foreign_regions)]

    def remember_foreign_regions(self) -> None:
        self._foreign_regions = set(_regions())

    def post(self, **parameters: Any) -> str | None:
        """Post a job; return its id, or None if it was refused."""
        answer = httpx.post(
            f"{self.url}/generate", json=_JOB | parameters, timeout=60, trust_env=False
        )
        if answer.status_code in (429, 503, 507):
            return None
        job_id: str = answer.raise_for_status().json()["job_id"]
        return job_id

    def status(self, job_id: str) -> dict[str, Any] | None:
        """Return the status of a job; None while nothing answers."""
        try:
            answer = httpx.get(f"{self.url}/status/{job_id}", timeout=60, trust_env=False)
        except httpx.TransportError:
            return None
        if answer.status_code == 404:
            return {"job_id": job_id, "status": "lost"}
        body: dict[str, Any] = answer.json()
        return body if answer.is_success else None

    def wait_for_stage(self, job_id: str, stage: str) -> None:
        def there() -> bool:
            status = self.status(job_id)
            assert status is None or status["status"] in ("queued", "running"), status
            return status is not None and status.get("stage") == stage

        wait_until(there, f"{job_id} in {stage}", interval=0.01)

    def finish(self, job_ids: list[str]) -> list[dict[str, Any]]:
        """Wait for jobs to end; return their last statuses."""
        last: dict[str, dict[str, Any]] = {}

        def over() -> bool:
            for job_id in set(job_ids) - last.keys():
                status = self.status(job_id)
                if status and status["status"] not in ("queued", "running"):
                    last[job_id] = status
            return len(last) == len(job_ids)

        wait_until(over, f"{len(job_ids)} jobs over", interval=0.2)
        return list(last.values())


def wait_until(condition: Callable[[], bool], what: str, interval: float = 0.05) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"after {_PATIENCE:.0f} s still not: {what}"
        time.sleep(interval)


def _has_role(process: psutil.Process, role: str) -> bool:
    try:
        command = process.cmdline()
    except psutil.NoSuchProcess:
        return False
    line = " ".join(command)
    match role:
        case "launcher":
            return "frontend.local.stack" in command
        case "tritonserver":
            return command[:1] != [] and command[0].endswith("/tritonserver")
        case "frontend":
            return command[-2:] == ["-m", "frontend"]
        case "worker":
            return "multiprocessing.spawn" in line
        case "ffmpeg":
            return command[:1] != [] and "ffmpeg" in Path(command[0]).name
    return f"/{role}/1/model.py" in line


def _regions() -> list[Path]:
    return list(_SHARED_MEMORY.glob("ltx_triton_*"))
