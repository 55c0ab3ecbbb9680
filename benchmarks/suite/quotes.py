"""Compare the times that the service quotes with the times that its videos take."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
from tqdm import tqdm

from benchmarks import quiet
from benchmarks.measurement import Measurement
from benchmarks.suite.client import client
from demo.evaluation.prompts import ClipRequest, held_out_prompts
from frontend.local.service import local_service
from ltx_triton.engines.cpu_precision import select_cpu_precision

PART = "quotes"
LOADS = ("alone", "alone, new size", "queue")
_MADE = ((256, 1, 8), (256, 3, 24), (384, 3, 8), (512, 3, 8), (512, 3, 24))  # pixels, s, fps
_NEW = ((256, 3, 8), (384, 1, 24), (512, 1, 8), (384, 3, 24))  # not made before they are quoted
_WARM_UP = 3  # videos of each size, so that a slow first one is not the median
_LEARNT = 1.5  # seconds after which the service has learnt from its last video
_QUEUED = 8  # jobs at once, of which MAX_CONCURRENT_JOBS run
_END = "event: completed"


@dataclass(frozen=True)
class Quote:
    quoted: float  # seconds
    took: float  # seconds


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Start the service anew in each round: it knows nothing then."""
    random = Random(0)
    quotes: dict[str, list[Quote]] = defaultdict(list)
    for _ in tqdm(range(rounds), desc=PART, unit="round"):
        with local_service(repository) as service:
            for size in _requests(_MADE * _WARM_UP):
                asyncio.run(_ask(service.url, [size]))
            for size in random.sample(_requests(_NEW), len(_NEW)):
                quotes["alone, new size"] += _alone(service.url, size)
            for size in random.sample(_requests(_MADE), len(_MADE)):
                quotes["alone"] += _alone(service.url, size)
            queued = random.choices(_requests(_MADE), k=_QUEUED)
            quiet.wait_until_idle()
            quotes["queue"] += asyncio.run(_ask(service.url, queued))
    for load, given in quotes.items():
        labels = {"precision": select_cpu_precision(), "load": load}
        yield Measurement(PART, {**labels, "what": "quoted"}, "s", [q.quoted for q in given])
        yield Measurement(PART, {**labels, "what": "took"}, "s", [q.took for q in given])


def _requests(sizes: Sequence[tuple[int, int, int]]) -> list[ClipRequest]:
    prompts = held_out_prompts(len(sizes))
    return [
        replace(prompt.request, width=resolution, height=resolution, duration=duration, fps=fps)
        for prompt, (resolution, duration, fps) in zip(prompts, sizes, strict=True)
    ]


def _alone(url: str, request: ClipRequest) -> list[Quote]:
    time.sleep(_LEARNT)
    quiet.wait_until_idle()
    return asyncio.run(_ask(url, [request]))


async def _ask(url: str, requests: Sequence[ClipRequest]) -> list[Quote]:
    """Post the requests one behind the other, and follow all of them to their ends.

    The time of the first videos is not quoted, and counts as 0.
    """
    async with client(url) as http, asyncio.TaskGroup() as group:
        tasks = []
        for request in requests:
            answer = await http.post("/generate", json={**asdict(request), "wait": False})
            job = answer.raise_for_status().json()
            tasks.append(group.create_task(_follow(http, job, time.monotonic())))
    return [task.result() for task in tasks]


async def _follow(http: httpx.AsyncClient, job: dict[str, Any], posted: float) -> Quote:
    """Wait for the video.

    Raises:
        RuntimeError: none was made.
    """
    async with http.stream("GET", f"/jobs/{job['job_id']}/events") as stream:
        async for line in stream.aiter_lines():
            if line == _END:
                return Quote(float(job["eta_seconds"] or 0), time.monotonic() - posted)
    raise RuntimeError(f"job {job['job_id']} has ended without a video")
