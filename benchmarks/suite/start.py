"""Start of `make serve`: seconds until ready, the first videos, and memory."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from tqdm import tqdm

from benchmarks.measurement import Measurement
from benchmarks.suite.client import ask_once
from benchmarks.suite.memory import by_process
from demo.evaluation.prompts import held_out_prompts
from frontend.local.health import wait_until_healthy
from ltx_triton.launcher.local_triton import free_port

PART = "start"
_ROOT = Path(__file__).parents[2]
_COMMAND = (sys.executable, "-m", "ltx_command", "serve")
_TIMEOUT = 120.0  # seconds


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Start the service, generate two videos and stop it, once per round."""
    samples: dict[str, list[float]] = {"ready": [], "first request": [], "second request": []}
    memory: dict[str, list[float]] = {}
    for _ in tqdm(range(rounds), desc=PART, unit="start"):
        started = time.monotonic()
        with _serving(repository) as (process, url):
            samples["ready"].append(time.monotonic() - started)
            for what in ("first request", "second request"):
                answer = asyncio.run(ask_once(url, held_out_prompts(1)[0].request))
                samples[what].append(answer.seconds)
            for name, size in by_process(psutil.Process(process.pid)).items():
                memory.setdefault(name, []).append(size)
    for what, seconds in samples.items():
        yield Measurement(PART, {"what": what}, "s", seconds)
    for name, sizes in memory.items():
        yield Measurement(PART, {"process": name}, "bytes", sizes)


@contextmanager
def _serving(repository: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the command; yield its process and URL once it is ready."""
    port, grpc, metrics = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [*_COMMAND, "--model-repository", str(repository)],
            cwd=_ROOT,
            env=os.environ
            | {
                "API_HOST": "127.0.0.1",
                "API_PORT": str(port),
                "TRITON_GRPC_ADDRESS": f"127.0.0.1:{grpc}",
                "TRITON_METRICS_URL": f"http://127.0.0.1:{metrics}/metrics",
                "OUTPUT_DIR": folder,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_healthy(process, url, _TIMEOUT)
            yield process, url
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(_TIMEOUT)
