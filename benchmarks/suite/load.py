"""Load on a service: clients that wait for their videos, or requests that come anyway."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from random import Random

import httpx

from benchmarks.suite.client import Answer, ask, client
from demo.evaluation.prompts import ClipRequest, held_out_prompts


def requests() -> Iterator[ClipRequest]:
    """Default requests, each with a prompt and a seed of its own."""
    prompts = held_out_prompts()
    for number in count():
        yield replace(prompts[number % len(prompts)].request, seed=number)


async def closed_loop(url: str, clients: int, videos_each: int) -> list[Answer]:
    """Clients that ask for their next video when they have the last one."""
    wanted = requests()

    async def one_client(http: httpx.AsyncClient) -> list[Answer]:
        return [await ask(http, next(wanted)) for _ in range(videos_each)]

    async with client(url) as http:
        answers = await asyncio.gather(*(one_client(http) for _ in range(clients)))
    return [answer for each in answers for answer in each]


async def open_loop(url: str, rate: float, videos: int) -> list[Answer]:
    """Requests at `rate` a second with exponential pauses, whether or not others are answered."""
    random = Random(0)
    wanted = requests()
    tasks = []
    async with client(url) as http, asyncio.TaskGroup() as group:
        for _ in range(videos):
            tasks.append(group.create_task(ask(http, next(wanted))))
            await asyncio.sleep(random.expovariate(rate))
    return [task.result() for task in tasks]


def videos_a_minute(answers: list[Answer]) -> float:
    """From the first POST to the last MP4."""
    made = [answer for answer in answers if not answer.refused]
    duration = max(each.answered for each in made) - min(each.posted for each in answers)
    return 60 * len(made) / duration
