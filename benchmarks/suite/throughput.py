"""The service under load, and the same load on FastAPI around diffusers."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from statistics import median

import httpx
from prometheus_client.parser import text_string_to_metric_families
from tqdm import tqdm

from benchmarks.measurement import Labels, Measurement
from benchmarks.suite.client import Answer
from benchmarks.suite.load import closed_loop, open_loop, videos_a_minute
from benchmarks.suite.request import CHECKPOINT
from frontend.local.api import LocalFrontend
from frontend.local.service import local_service
from ltx_triton.contract import TRANSFORMER
from ltx_triton.launcher.local_triton import free_port

PART = "throughput"
_CLIENTS = (1, 2, 4, 8, 16)
_VIDEOS = 8  # of each load, or one for each client where there are more
_RATES = (50, 90, 130)  # % of what four clients got
_OPEN_VIDEOS = 16
_FLOOD = 300  # % of what four clients got
_ROOM = 4  # jobs that may wait in a flood
_START_TIMEOUT = 120.0  # seconds


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Closed loops on both servers in turns, then open loops and a flood on ours."""
    samples = _Samples()
    with local_service(repository) as ours, handwritten() as theirs:
        for url in (ours.url, theirs):
            asyncio.run(closed_loop(url, 1, 2))  # to warm up
        loads = list(product(range(rounds), _CLIENTS))
        for _, clients in tqdm(loads, desc=f"{PART}, closed loop", unit="load"):
            each = max(1, _VIDEOS // clients)
            before = _executions(ours)
            answers = asyncio.run(closed_loop(ours.url, clients, each))
            labels: Labels = {"server": "service", "load": "closed", "clients": clients}
            samples.add(answers, labels)
            samples.append(labels, "videos a step", _batch(before, _executions(ours)))
            answers = asyncio.run(closed_loop(theirs, clients, each))
            samples.add(answers, labels | {"server": "handwritten"})
        reached = samples.median("videos/min", server="service", load="closed", clients=4)
        for _, percent in tqdm(
            list(product(range(rounds), _RATES)), desc=f"{PART}, open loop", unit="load"
        ):
            answers = asyncio.run(open_loop(ours.url, percent / 100 * reached / 60, _OPEN_VIDEOS))
            samples.add(answers, {"server": "service", "load": "open", "percent": percent})
    with local_service(repository, {"MAX_QUEUED_JOBS": str(_ROOM)}) as small:
        asyncio.run(closed_loop(small.url, 1, 2))  # to warm up
        for _ in tqdm(range(rounds), desc=f"{PART}, flood", unit="load"):
            answers = asyncio.run(open_loop(small.url, _FLOOD / 100 * reached / 60, _OPEN_VIDEOS))
            samples.add(
                answers, {"server": "service", "load": "flood", "percent": _FLOOD, "room": _ROOM}
            )
    yield from samples.measurements()


class _Samples:
    def __init__(self) -> None:
        self._samples: dict[tuple[tuple[tuple[str, str | int], ...], str], list[float]] = {}

    def add(self, answers: list[Answer], labels: Labels) -> None:
        """What one load says."""
        made = [answer for answer in answers if not answer.refused]
        self.append(labels, "videos/min", videos_a_minute(answers))
        self.append(labels, "refused", len(answers) - len(made))
        for answer in made:
            self.append(labels | {"what": "request"}, "s", answer.seconds)
            if answer.stages:
                self.append(labels | {"what": "wait"}, "s", answer.stages["queue"])
        for answer in answers:
            if answer.refused:
                self.append(labels | {"what": "refusal"}, "s", answer.seconds)

    def append(self, labels: Labels, unit: str, sample: float) -> None:
        """One more sample."""
        self._samples.setdefault((tuple(labels.items()), unit), []).append(sample)

    def median(self, unit: str, **labels: str | int) -> float:
        """Of what has been taken so far."""
        return median(self._samples[tuple(labels.items()), unit])

    def measurements(self) -> Iterator[Measurement]:
        """All of it."""
        for (labels, unit), samples in self._samples.items():
            yield Measurement(PART, dict(labels), unit, samples)


@contextmanager
def handwritten() -> Iterator[str]:
    """URL of the peer, once it is ready."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.baselines.fastapi_diffusers", str(CHECKPOINT)]
    process = subprocess.Popen([*command, str(port)])
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + _START_TIMEOUT
        while not _is_healthy(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the peer is not ready (exit code {process.poll()})")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _executions(service: LocalFrontend) -> tuple[float, float]:
    """Denoising steps that the transformer has taken, and in how many batches."""
    page = httpx.get(service.triton.metrics_url, trust_env=False).text
    totals = dict.fromkeys(("nv_inference_count", "nv_inference_exec_count"), 0.0)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if family.name in totals and sample.labels["model"] == TRANSFORMER.name:
                totals[family.name] += sample.value
    return totals["nv_inference_count"], totals["nv_inference_exec_count"]


def _batch(before: tuple[float, float], after: tuple[float, float]) -> float:
    return (after[0] - before[0]) / (after[1] - before[1])
