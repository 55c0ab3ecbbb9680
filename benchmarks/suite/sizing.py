"""Memory of the service by size of the video, and weights of the real models."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import torch
from diffusers import AutoencoderKLLTXVideo, LTXVideoTransformer3DModel
from tqdm import tqdm
from transformers import T5Config, T5EncoderModel

from benchmarks.measurement import Labels, Measurement
from benchmarks.process_tree import PeakMemory, ProcessTree
from benchmarks.suite.client import ask_once
from demo.evaluation.prompts import ClipRequest, held_out_prompts
from export.checkpoint.vae_layout import VAE_LAYOUT
from export.random.architectures import T5_XXL, TRANSFORMER_2B, TRANSFORMER_13B, VAE
from export.random.checkpoint import TEXT_ENCODER
from frontend.local.service import local_service
from frontend.triton import TritonClient
from ltx_triton.memory_budget import MemoryBudget
from ltx_triton.model_info import ModelInfo

PART = "sizing"
# Pixels a side, seconds, frames a second, videos at once
CASES = (
    (256, 3, 8, 1),
    (512, 1, 8, 1),
    (512, 3, 8, 1),
    (512, 3, 8, 4),
    (512, 10, 8, 1),
    (512, 10, 24, 1),
    (512, 10, 24, 4),
    (768, 5, 24, 1),
    (1024, 3, 8, 1),
)
_SMALL = 64  # pixels a side
_INTERVAL = 0.1  # seconds between samples of memory
_SETTLE = 5.0  # seconds after the videos before reading the memory held


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Start the service for each case anew, and make its videos at once."""
    found: dict[tuple[int, ...], list[dict[str, float]]] = {case: [] for case in CASES}
    for _, case in tqdm(list(product(range(rounds), CASES)), desc=PART, unit="case"):
        found[case].append(run_case(repository, *case))
    for (resolution, duration, fps, videos), taken in found.items():
        labels: Labels = {
            "resolution": resolution,
            "duration": duration,
            "fps": fps,
            "videos": videos,
        }
        for what in taken[0]:
            here = labels | {"what": what}
            yield Measurement(PART, here, "bytes", [each[what] for each in taken])
    for (model, component), count in _parameters().items():
        labels = {"model": model, "component": component}
        yield Measurement(PART, labels, "parameters", [float(count)])


def run_case(
    repository: Path, resolution: int, duration: int, fps: int, videos: int
) -> dict[str, float]:
    """Return the bytes of all processes of the service, and what it expects, for these videos.

    Raises:
        ValueError: the service refuses one.
    """
    prompts = held_out_prompts(videos)
    requests = [
        ClipRequest(each.text, each.seed, duration, fps, resolution, resolution) for each in prompts
    ]
    with local_service(repository, MAX_RESOLUTION=str(max(resolution, _SMALL))) as service:
        tree = ProcessTree([service.pid, service.triton.pid])
        info = asyncio.run(_model_info(service.triton.grpc_address))
        # The first request after the start fills caches.
        asyncio.run(ask_once(service.url, ClipRequest(prompts[0].text, 0, 1, 8, _SMALL, _SMALL)))
        before = tree.pss_bytes()
        with PeakMemory(tree, _INTERVAL) as memory:
            asyncio.run(_ask_all(service.url, requests))
        time.sleep(_SETTLE)
        return {
            "before": before,
            "peak": memory.peak_bytes,
            "after": tree.pss_bytes(),
            "expected": MemoryBudget(None, 1).needed(info, [each.video for each in requests])[
                "cpu"
            ],
        }


async def _ask_all(url: str, requests: list[ClipRequest]) -> None:
    answers = await asyncio.gather(*(ask_once(url, request) for request in requests))
    if any(answer.refused for answer in answers):
        raise ValueError("the service has refused a video")


async def _model_info(address: str) -> ModelInfo:
    client = TritonClient(address)
    info = await client.model_info()
    await client.close()
    if info is None or info.memory is None:
        raise ValueError("the engines' memory is unknown: run `make export` again")
    return info


def _parameters() -> Mapping[tuple[str, str], int]:
    with torch.device("meta"):
        modules: dict[tuple[str, str], torch.nn.Module] = {
            ("13B and 2B", "text encoder"): T5EncoderModel(T5Config(**TEXT_ENCODER | T5_XXL)),
            ("13B", "transformer"): LTXVideoTransformer3DModel(**TRANSFORMER_13B),
            ("2B", "transformer"): LTXVideoTransformer3DModel(**TRANSFORMER_2B),
            ("13B and 2B", "VAE decoder"): AutoencoderKLLTXVideo(**VAE_LAYOUT | VAE).decoder,
        }
    return {
        name: sum(parameter.numel() for parameter in module.parameters())
        for name, module in modules.items()
    }
