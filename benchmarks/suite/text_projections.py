"""The projections of the text in every denoising step, against once for each video.

The caption projection, and from it the keys and values of all cross-attentions, depend on the
prompt alone. Their share of a step is counted for the demo checkpoint and the real models, and both
ways are timed with the demo checkpoint.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from diffusers import LTXVideoTransformer3DModel
from tqdm import tqdm

from benchmarks.baselines.flops import operations
from benchmarks.baselines.inputs import Arrays
from benchmarks.baselines.text_halves import TextHalves, cut
from benchmarks.measurement import Labels, Measurement
from benchmarks.suite.request import CHECKPOINT, STEPS
from export.checkpoint.open import open_checkpoint
from export.graphs.attention import ExportAttention
from export.graphs.rotary import RotaryPositions
from export.graphs.transformer import TransformerGraph
from export.random.architectures import TRANSFORMER_2B, TRANSFORMER_13B
from export.verification.inputs import random_inputs
from ltx_triton.contract import LTX_VIDEO, TRANSFORMER
from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision
from ltx_triton.engines.openvino.session import OpenVinoSession
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE, version_folder

PART = "text_projections"
EVERY_STEP, ONCE = "every step", "once"
DEMO = "demo"
REAL_MODELS = {"2B": TRANSFORMER_2B, "13B": TRANSFORMER_13B}
SIZES = {  # latent frames, rows and columns
    "256 x 256 x 25": (4, 8, 8),
    "512 x 512 x 25": (4, 16, 16),
    "512 x 512 x 241": (31, 16, 16),
}
TIMED = ("256 x 256 x 25", "512 x 512 x 25")
TOKENS = (32, 256)  # the shortest and the longest bucket
_COPIED_BYTES = 50_000_000


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    demo = open_checkpoint(str(CHECKPOINT), None).config("transformer")
    for model, config in {DEMO: demo, **REAL_MODELS}.items():
        yield from _counts(model, transformer_graph(config))
    for precision in sorted({CpuPrecision.FP32, select_cpu_precision()}):
        yield from _seconds(rounds, repository, precision)
    yield Measurement(PART, {"what": "copy"}, "bytes/s", [_copy_rate() for _ in range(rounds)])


def _counts(model: str, graph: TransformerGraph) -> Iterator[Measurement]:
    here: Labels = {"model": model}
    for (size, latent), tokens in product(SIZES.items(), TOKENS):
        labels = here | {"size": size, "tokens": tokens}
        for what, count in flops(graph, latent, tokens).items():
            yield Measurement(PART, labels | {"what": what}, "flop", [float(count)])
    for what, count in parameters(graph).items():
        yield Measurement(PART, here | {"what": what}, "parameters", [float(count)])
    config = graph.model.config
    width = config.num_attention_heads * config.attention_head_dim
    for way, count in (
        (EVERY_STEP, config.caption_channels),
        (ONCE, 2 * config.num_layers * width),
    ):
        yield Measurement(PART, here | {"way": way}, "values/token", [float(count)])


def transformer_graph(config: dict[str, Any]) -> TransformerGraph:
    """Return the graph of a transformer without its weights."""
    with torch.device("meta"):
        model = LTXVideoTransformer3DModel.from_config(config).eval()
        model.set_attn_processor(ExportAttention())
        return TransformerGraph(model, RotaryPositions(model.rope, 32, 8))


def flops(graph: TransformerGraph, latent: tuple[int, int, int], tokens: int) -> dict[str, int]:
    """Count a step's operations: of the projections, and the others."""
    config = graph.model.config
    shapes = (
        (*latent, config.in_channels),
        (tokens, config.caption_channels),
        (tokens,),
        *((1,) for _ in ("frame_rate", "sigma", "sigma_next")),
    )
    counted = operations(graph, [torch.empty(1, *shape, device="meta") for shape in shapes])
    projections = sum(
        sum(counts.values()) for name, counts in counted.items() if _is_projection(name)
    )
    return {"projections": projections, "others": sum(counted["Global"].values()) - projections}


def parameters(graph: TransformerGraph) -> dict[str, int]:
    """Count the weights of the projections, and the others."""
    projections = sum(
        weight.numel()
        for name, module in graph.named_modules()
        if _is_projection(name)
        for weight in module.parameters()
    )
    everything = sum(weight.numel() for weight in graph.parameters())
    return {"projections": projections, "others": everything - projections}


def _is_projection(module: str) -> bool:
    return module.endswith((".caption_projection", ".attn2.to_k", ".attn2.to_v"))


def _seconds(rounds: int, repository: Path, precision: CpuPrecision) -> Iterator[Measurement]:
    """Time each step of a video both ways, in turns, after a warm-up round."""
    config = PipelineConfig.load(version_folder(repository, LTX_VIDEO))
    engine = version_folder(repository, TRANSFORMER) / ENGINE_FILE
    whole, halves = OpenVinoSession(engine, TRANSFORMER, precision), cut(engine, precision)
    random = np.random.default_rng(0)
    cases = list(product(TIMED, TOKENS))
    inputs = [_inputs(config, SIZES[size], tokens, random) for size, tokens in cases]
    samples: list[dict[str, list[float]]] = [{EVERY_STEP: [], ONCE: []} for _ in cases]
    for number in tqdm(range(1 + rounds), desc=f"{PART}, {precision}", unit="round"):
        for each, taken in zip(inputs, samples, strict=True):
            seconds = _video(whole, halves, each)
            if number > 0:
                for way in taken:
                    taken[way] += seconds[way]
    for (size, tokens), taken in zip(cases, samples, strict=True):
        here: Labels = {"precision": precision, "size": size, "tokens": tokens}
        for way, steps in taken.items():
            yield Measurement(PART, here | {"way": way}, "s", steps)


def _inputs(
    config: PipelineConfig,
    latent: tuple[int, int, int],
    tokens: int,
    random: np.random.Generator,
) -> Arrays:
    axes = ("frames", "latent_height", "latent_width")
    sizes = {"batch": 1, "tokens": tokens, **dict(zip(axes, latent, strict=True))}
    return random_inputs(TRANSFORMER, config, 1, sizes, STEPS, random)


def _video(whole: OpenVinoSession, halves: TextHalves, inputs: Arrays) -> dict[str, list[float]]:
    """Return the seconds of each step of a video; `ONCE` has its part of the projections."""
    started = perf_counter()
    projected = halves.project(inputs)
    share = (perf_counter() - started) / STEPS
    ways = [(EVERY_STEP, whole, inputs, 0.0), (ONCE, halves.step, projected, share)]
    seconds: dict[str, list[float]] = {EVERY_STEP: [], ONCE: []}
    for _ in range(STEPS):
        for way, session, given, added in ways:
            started = perf_counter()
            session.run(given)
            seconds[way].append(perf_counter() - started + added)
        ways.reverse()
    return seconds


def _copy_rate() -> float:
    source, target = (np.ones(_COPIED_BYTES, np.uint8) for _ in range(2))
    started = perf_counter()
    np.copyto(target, source)
    return _COPIED_BYTES / (perf_counter() - started)
