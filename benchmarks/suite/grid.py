"""The service over a grid of sizes, durations and frame rates."""

import asyncio
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from tqdm import tqdm

from benchmarks.measurement import Measurement
from benchmarks.suite.client import Answer, ask_once
from demo.evaluation.prompts import ClipRequest, held_out_prompts
from frontend.local.service import local_service

PART = "grid"
_RESOLUTIONS = (256, 384, 512)  # pixels a side
_DURATIONS = (1, 3, 10)  # seconds
_FPS = (8, 24)


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Time each combination once per round, after a warm-up round."""
    prompt = held_out_prompts(1)[0]
    sizes = [
        ClipRequest(prompt.text, prompt.seed, duration, fps, resolution, resolution)
        for resolution, duration, fps in product(_RESOLUTIONS, _DURATIONS, _FPS)
    ]
    answers: dict[ClipRequest, list[Answer]] = {size: [] for size in sizes}
    with local_service(repository) as service:
        for number, size in tqdm(list(product(range(1 + rounds), sizes)), desc=PART, unit="video"):
            answer = asyncio.run(ask_once(service.url, size))
            if number > 0:
                answers[size].append(answer)
    for size, given in answers.items():
        labels = {"resolution": size.width, "duration": size.duration, "fps": size.fps}
        for stage in given[0].stages:
            yield Measurement(
                PART, {**labels, "stage": stage}, "s", [each.stages[stage] for each in given]
            )
        yield Measurement(PART, {**labels, "stage": "total"}, "s", [each.seconds for each in given])
