"""The command behind `make serve`, on ports and in folders of its own, to do damage to."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.process_tree import ProcessTree
from ltx_triton.launcher.local_triton import free_port
from ltx_triton.launcher.ownership import has_dead_owner

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
_TEMPORARY = Path("/tmp")  # noqa: S108
_PATIENCE = 240.0  # seconds
# Patterns of command lines, the first that fits.
_ROLES = {
    "text_encoder": "/text_encoder/1/model.py",
    "transformer": "/transformer/1/model.py",
    "vae_decoder": "/vae_decoder/1/model.py",
    "denoising loop": "/ltx_video/1/model.py",
    "tritonserver": r"^\S*/tritonserver ",
    "launcher": "-m ltx_command serve",
    "API's parent": "-m frontend$",
    "API worker": "multiprocessing.spawn",
    "resource tracker": "multiprocessing.resource_tracker",
    "ffmpeg": r"^\S*ffmpeg",
}
_JOB = {"prompt": "a red ball", "resolution": 512, "duration": 4, "fps": 8, "wait": False}


class FaultyService:
    """Keeps its log and its videos over a restart."""

    def __init__(self, repository: Path, folder: Path, **environment: str) -> None:
        self.outputs = folder / "outputs"
        self.log = folder / "log.txt"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self._ever: set[psutil.Process] = set()
        self._earlier_orphans = _orphans()
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._command = [sys.executable, "-m", "ltx_command", "serve"]
        self._command += ["--model-repository", str(repository)]
        self.environment = {
            **os.environ,
            "API_HOST": "127.0.0.1",
            "API_PORT": str(port),
            "TRITON_GRPC_ADDRESS": f"127.0.0.1:{free_port()}",
            "TRITON_METRICS_URL": f"http://127.0.0.1:{free_port()}/metrics",
            "OUTPUT_DIR": str(self.outputs),
            "TMPDIR": str(self.temporary),
            **environment,
        }

    def launch(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, env=self.environment, stdout=output, stderr=output
            )
        self._ever.add(psutil.Process(self._process.pid))

    def start(self) -> None:
        self.launch()
        wait_until(self.is_healthy, "healthy")
        self.processes()

    def stop(self) -> int:
        """End it as an operator does; return its exit code."""
        self.processes()
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(_PATIENCE)

    def start_again(self) -> None:
        """Do what an operator does after the service has ended."""
        self._process.wait(_PATIENCE)
        self.wait_until_gone()
        self.start()

    def wait_until_gone(self) -> None:
        wait_until(lambda: not self.survivors(), "all processes gone")

    def is_healthy(self) -> bool:
        answer = self.health()
        return answer is not None and answer.is_success

    def health(self) -> httpx.Response | None:
        """Return the answer of /health; None while nothing answers."""
        assert self._process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.url}/health", timeout=30, trust_env=False)
        except httpx.TransportError:
            return None

    def processes(self) -> list[psutil.Process]:
        """Return the launcher and all that it has started, and remember them."""
        try:
            launcher = psutil.Process(self._process.pid)
            found = [launcher, *launcher.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []
        self._ever.update(found)
        return found

    def find(self, role: str) -> list[psutil.Process]:
        """Return the processes of a role, of which there may be several."""
        return [process for process in self.processes() if role_of(process) == role]

    def survivors(self) -> list[psutil.Process]:
        """Return the processes that were ever seen and still run."""
        alive = [process for process in self._ever if process.is_running()]
        return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]

    def open_files(self) -> int:
        number = 0
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):  # an encoder that has just ended
                number += process.num_fds()
        return number

    def memory_bytes(self) -> int:
        return ProcessTree([self._process.pid]).pss_bytes()

    def shared_memory_bytes(self) -> int:
        line = " ".join(self.find("tritonserver")[0].cmdline())
        [prefix] = re.findall(r"shm-region-prefix-name=(\w+)", line)
        return sum(512 * region.stat().st_blocks for region in _SHARED_MEMORY.glob(f"{prefix}*"))

    def log_lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()

    def leftovers(self) -> list[Path]:
        """Return partial videos, temporary folders and shared memory, if it does not run."""
        partial = self.outputs.glob(".video_*")
        temporary = self.temporary.glob("ltx_*")
        return [*partial, *temporary, *(_orphans() - self._earlier_orphans)]

    def ask(self, **parameters: Any) -> httpx.Response:
        """Post a job and return the answer."""
        return httpx.post(
            f"{self.url}/generate", json=_JOB | parameters, timeout=60, trust_env=False
        )

    def post(self, **parameters: Any) -> str:
        """Post a job that is accepted; return its id."""
        job_id: str = self.ask(**parameters).raise_for_status().json()["job_id"]
        return job_id

    def cancel(self, job_id: str) -> httpx.Response:
        return httpx.delete(f"{self.url}/jobs/{job_id}", timeout=60, trust_env=False)

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


@contextmanager
def faulty_service(repository: Path, **environment: str) -> Iterator[FaultyService]:
    """Lend a service that is not started yet, and leave none of its processes."""
    with tempfile.TemporaryDirectory(prefix="faults_") as folder:
        service = FaultyService(repository, Path(folder), **environment)
        try:
            yield service
        finally:
            if service.survivors():
                with suppress(subprocess.TimeoutExpired):
                    service.stop()
            for process in service.survivors():
                process.kill()


def wait_until(condition: Callable[[], bool], what: str, interval: float = 0.05) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"after {_PATIENCE:.0f} s still not: {what}"
        time.sleep(interval)


def role_of(process: psutil.Process) -> str | None:
    """Return what a process does in the service; None of one that is only passing."""
    try:
        line = " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return None
    return next((role for role, pattern in _ROLES.items() if re.search(pattern, line)), None)


def _orphans() -> set[Path]:
    """Return Triton's own folders, and the shared memory of launchers that no longer run."""
    regions = set(_SHARED_MEMORY.glob("ltx_triton_*"))
    owned = [
        region.stem for region in regions if region.suffix == ".lock" and not has_dead_owner(region)
    ]
    orphans = {region for region in regions if not region.name.startswith(tuple(owned))}
    return orphans.union(_TEMPORARY.glob("python_env_*"))
