"""Throughput of four clients against one, interleaved so that the machine stays comparable."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tqdm import tqdm

from benchmarks.measurement import Measurement
from benchmarks.suite.load import closed_loop, videos_per_minute
from frontend.local.service import local_service

PART = "together"
_CLIENTS = (1, 4)
_VIDEOS = 12  # of each load


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Load the service with one and with four clients, in random order."""
    random = Random(0)
    samples: dict[int, list[float]] = {clients: [] for clients in _CLIENTS}
    with local_service(repository) as service:
        asyncio.run(closed_loop(service.url, max(_CLIENTS), 1))  # to warm up
        for _ in tqdm(range(rounds), desc=PART, unit="round"):
            for clients in random.sample(_CLIENTS, len(_CLIENTS)):
                answers = asyncio.run(closed_loop(service.url, clients, _VIDEOS // clients))
                samples[clients].append(videos_per_minute(answers))
    for clients, rates in samples.items():
        yield Measurement(PART, {"clients": clients}, "videos/min", rates)
