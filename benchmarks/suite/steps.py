"""Triton by number of denoising steps, and the duration of single steps."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tqdm import tqdm

from benchmarks.baselines.triton import Answer, ask_triton
from benchmarks.measurement import Labels, Measurement
from demo.evaluation.prompts import held_out_prompts
from ltx_triton.launcher.local_triton import LocalTriton

PART = "steps"
_STEPS = (1, 2, 4, 8, 16)


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Time each number of steps once per round, after a warm-up round."""
    random = Random(0)
    video = held_out_prompts(1)[0].request.video
    answers: dict[int, list[Answer]] = {steps: [] for steps in _STEPS}
    with LocalTriton(repository) as triton:
        for number in tqdm(range(1 + rounds), desc=PART, unit="round"):
            for steps in random.sample(_STEPS, len(_STEPS)):
                request = video.model_copy(update={"num_inference_steps": steps})
                answer = asyncio.run(ask_triton(triton.grpc_address, request))
                if number > 0:
                    answers[steps].append(answer)
    for steps, given in answers.items():
        labels: Labels = {"steps": steps}
        totals = [each.stages["total"] for each in given]
        yield Measurement(PART, labels | {"what": "request"}, "s", totals)
        single = [seconds for each in given for seconds in each.steps]
        yield Measurement(PART, labels | {"what": "step"}, "s", single)
