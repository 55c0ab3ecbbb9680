"""`python -m frontend` as a process of its own, before a fake Triton."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from ltx_triton.launcher.local_triton import free_port
from tests.frontend.conftest import SMALL, wait_until
from tests.frontend.fake_triton import FakeTriton


def run(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "frontend"],
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
        )


class Api:
    """The frontend as a process."""

    def __init__(self, fake: FakeTriton, folder: Path, **environment: str) -> None:
        self.log = folder / "log.txt"
        self.port = free_port()
        self.output_dir = folder / "outputs"
        self._environment = {
            "API_HOST": "127.0.0.1",
            "API_PORT": str(self.port),
            "OUTPUT_DIR": str(self.output_dir),
            "TRITON_GRPC_ADDRESS": fake.address,
            "TRITON_METRICS_URL": fake.metrics_url,
            **environment,
        }
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def start(self) -> None:
        self.process = run(self._environment, self.log)
        wait_until(self._is_healthy, seconds=60)

    def status(self, job_id: str) -> str:
        answer: str = self.http.get(f"/status/{job_id}").json()["status"]
        return answer

    def post(self) -> str:
        job_id: str = self.http.post("/generate", json=SMALL).json()["job_id"]
        return job_id

    def _is_healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.http.get("/health").is_success
        except httpx.TransportError:
            return False


@contextmanager
def running(fake: FakeTriton, folder: Path, **environment: str) -> Iterator[Api]:
    api = Api(fake, folder, **environment)
    try:
        api.start()
        yield api
    finally:
        api.http.close()
        if api.process.poll() is None:
            for child in psutil.Process(api.process.pid).children(recursive=True):
                child.kill()
        api.process.kill()
        api.process.wait()
