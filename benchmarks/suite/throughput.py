"""The service under load, and FastAPI around the fastest peer under the same load."""

import asyncio
import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from random import Random
from statistics import median

import httpx
from prometheus_client.parser import text_string_to_metric_families
from tqdm import tqdm

from benchmarks import quiet
from benchmarks.measurement import Labels, Measurement
from benchmarks.suite.client import Answer
from benchmarks.suite.contenders import MODELS, python_of, sampling
from benchmarks.suite.load import closed_loop, open_loop, videos_per_minute
from benchmarks.suite.request import default_case
from frontend.local.api import LocalFrontend
from frontend.local.health import wait_until_healthy
from frontend.local.service import local_service
from ltx_triton.contract import TRANSFORMER
from ltx_triton.engines.cpu_precision import select_cpu_precision
from ltx_triton.launcher.local_triton import free_port

PART = "throughput"
_CLIENTS = (1, 2, 4, 8, 16)
_VIDEOS = 8  # in each load; with more clients, one each
_RATES = (50, 90, 130)  # % of the throughput of four clients
_OPEN_VIDEOS = 16
_FLOOD = 300  # % of the throughput of four clients
_QUEUED_JOBS = 4  # limit of the queue in a flood
_START_TIMEOUT = 120.0  # seconds
_ROOT = Path(__file__).parents[2]


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Run closed loops on both servers in turns, then open loops and a flood on the service."""
    samples, random = _Samples(), Random(0)
    with local_service(repository) as service, fastapi_optimum(repository) as baseline_url:
        urls = {"service": service.url, "fastapi_optimum": baseline_url}
        for url in urls.values():
            asyncio.run(closed_loop(url, 1, 2))  # to warm up
        loads = list(product(range(rounds), _CLIENTS))
        for _, clients in tqdm(loads, desc=f"{PART}, closed loop", unit="load"):
            each = max(1, _VIDEOS // clients)
            before = _executions(service)
            labels: Labels = {"load": "closed", "clients": clients}
            for server in random.sample(list(urls), len(urls)):
                quiet.wait_until_idle()
                answers = asyncio.run(closed_loop(urls[server], clients, each))
                samples.add(answers, {"server": server, **labels})
            batch = _batch(before, _executions(service))
            samples.append({"server": "service", **labels}, "videos a step", batch)
        throughput = samples.median("videos/min", server="service", load="closed", clients=4)
        for _, percent in tqdm(
            list(product(range(rounds), _RATES)), desc=f"{PART}, open loop", unit="load"
        ):
            answers = asyncio.run(
                open_loop(service.url, percent / 100 * throughput / 60, _OPEN_VIDEOS)
            )
            samples.add(answers, {"server": "service", "load": "open", "percent": percent})
    with local_service(repository, MAX_QUEUED_JOBS=str(_QUEUED_JOBS)) as small:
        asyncio.run(closed_loop(small.url, 1, 2))  # to warm up
        for _ in tqdm(range(rounds), desc=f"{PART}, flood", unit="load"):
            answers = asyncio.run(
                open_loop(small.url, _FLOOD / 100 * throughput / 60, _OPEN_VIDEOS)
            )
            samples.add(
                answers,
                {"server": "service", "load": "flood", "percent": _FLOOD, "room": _QUEUED_JOBS},
            )
    yield from samples.measurements()


class _Samples:
    def __init__(self) -> None:
        self._samples: dict[tuple[tuple[tuple[str, str | int], ...], str], list[float]] = {}

    def add(self, answers: list[Answer], labels: Labels) -> None:
        accepted = [answer for answer in answers if not answer.refused]
        self.append(labels, "videos/min", videos_per_minute(answers))
        self.append(labels, "refused", len(answers) - len(accepted))
        for answer in accepted:
            self.append(labels | {"what": "request"}, "s", answer.seconds)
            if answer.stages:
                self.append(labels | {"what": "wait"}, "s", answer.stages["queue"])
        for answer in answers:
            if answer.refused:
                self.append(labels | {"what": "refusal"}, "s", answer.seconds)

    def append(self, labels: Labels, unit: str, sample: float) -> None:
        self._samples.setdefault((tuple(labels.items()), unit), []).append(sample)

    def median(self, unit: str, **labels: str | int) -> float:
        return median(self._samples[tuple(labels.items()), unit])

    def measurements(self) -> Iterator[Measurement]:
        for (labels, unit), samples in self._samples.items():
            yield Measurement(PART, dict(labels), unit, samples)


@contextmanager
def fastapi_optimum(repository: Path) -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        shared = json.dumps(sampling(default_case(Path(folder), repository)))
    process = subprocess.Popen(
        [
            *(str(python_of("optimum-intel")), "-m", "benchmarks.peers.fastapi_optimum"),
            *(str(MODELS / "optimum-intel"), select_cpu_precision(), str(port), shared),
        ],
        cwd=_ROOT,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_healthy(process, url, _START_TIMEOUT)
        yield url
    finally:
        process.terminate()
        process.wait()


def _executions(service: LocalFrontend) -> tuple[float, float]:
    """Return the number of denoising steps of the transformer, and of its batches."""
    page = httpx.get(service.triton.metrics_url, trust_env=False).text
    totals = dict.fromkeys(("nv_inference_count", "nv_inference_exec_count"), 0.0)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if family.name in totals and sample.labels["model"] == TRANSFORMER.name:
                totals[family.name] += sample.value
    return totals["nv_inference_count"], totals["nv_inference_exec_count"]


def _batch(before: tuple[float, float], after: tuple[float, float]) -> float:
    return (after[0] - before[0]) / (after[1] - before[1])
