"""Closed-loop and open-loop load."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from random import Random

import httpx

from benchmarks.suite.client import Answer, ask, client
from demo.evaluation.prompts import ClipRequest, held_out_prompts


def requests() -> Iterator[ClipRequest]:
    prompts = held_out_prompts()
    for number in count():
        yield replace(prompts[number % len(prompts)].request, seed=number)


async def closed_loop(url: str, clients: int, videos_each: int) -> list[Answer]:
    """Run clients that send their next request once they have the previous video."""
    pending = requests()

    async def one_client(http: httpx.AsyncClient) -> list[Answer]:
        return [await ask(http, next(pending)) for _ in range(videos_each)]

    async with client(url) as http:
        answers = await asyncio.gather(*(one_client(http) for _ in range(clients)))
    return [answer for each in answers for answer in each]


async def open_loop(url: str, rate: float, videos: int) -> list[Answer]:
    """Send requests at `rate` per second, with exponential intervals (a Poisson process)."""
    random = Random(0)
    pending = requests()
    tasks = []
    async with client(url) as http, asyncio.TaskGroup() as group:
        for _ in range(videos):
            tasks.append(group.create_task(ask(http, next(pending))))
            await asyncio.sleep(random.expovariate(rate))
    return [task.result() for task in tasks]


def videos_per_minute(answers: list[Answer]) -> float:
    """Return the throughput from the first POST to the last MP4."""
    made = [answer for answer in answers if not answer.refused]
    duration = max(each.answered for each in made) - min(each.posted for each in answers)
    return 60 * len(made) / duration
