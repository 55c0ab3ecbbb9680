"""Time fixed pieces of the engines' kinds of work, to compare this machine with another."""

import os
import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np
from openvino import Model, Node, Shape, Type
from openvino import opset13 as operators
from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt

from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision
from ltx_triton.engines.openvino.graph import Graph

SECONDS = 6.0  # of timed runs; with compiling and first runs it is about 10

_INPUT = "x"


class EngineSeconds(BaseModel):
    """Seconds of each engine, named as the stages of a job."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: PositiveFloat
    denoise: PositiveFloat
    decode: PositiveFloat

    @property
    def total(self) -> float:
        return self.text + self.denoise + self.decode


class Calibration(BaseModel):
    """What a machine takes for one piece of each engine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: CpuPrecision
    cores: PositiveInt
    pieces: EngineSeconds

    def estimate(self, measured: EngineSeconds, there: "Calibration") -> float:
        """Return the seconds that this machine takes for what was measured on another.

        Args:
            measured: seconds of a video on the other machine.
            there: the calibration of that machine, at the same time.
        """
        mine, its = self.pieces, there.pieces
        return (
            measured.text * mine.text / its.text
            + measured.denoise * mine.denoise / its.denoise
            + measured.decode * mine.decode / its.decode
        )


def calibrate(
    report: Callable[[float], None] = lambda _: None, seconds: float = SECONDS
) -> Calibration:
    """Time the pieces on this machine, in the arithmetic that CPU_PRECISION selects.

    Args:
        report: is called with the share that is done, up to 1.
        seconds: to spend on all pieces; each runs once more than it has to.
    """
    precision = select_cpu_precision()
    found: dict[str, float] = {}
    for piece, build in _PIECES.items():

        def report_piece(share: float, before: int = len(found)) -> None:
            report((before + share) / len(_PIECES))

        # As `OpenVinoSession` runs T5.
        graph = Graph(build(), precision, dynamic_quantization=piece != "text")
        found[piece] = _time(graph, seconds / len(_PIECES), report_piece)
    return Calibration(
        precision=precision,
        cores=len(os.sched_getaffinity(0)),
        pieces=EngineSeconds.model_validate(found),
    )


def _time(graph: Graph, seconds: float, report: Callable[[float], None]) -> float:
    shape = tuple(graph.compiled.input(0).get_shape())
    inputs = {_INPUT: np.random.default_rng(0).standard_normal(shape, np.float32)}
    graph.run(inputs)  # the first run allocates
    runs: list[float] = []
    while not runs or sum(runs) < seconds:
        start = time.perf_counter()
        graph.run(inputs)
        runs.append(time.perf_counter() - start)
        report(min(1.0, sum(runs) / seconds) if seconds else 1.0)
    return median(runs)


def _text_encoder() -> Model:
    """Feed-forward of T5-XXL for a short prompt: more weights than the caches hold."""
    return _feed_forward(tokens=32, width=4096, inner=10240, layers=2)


def _transformer() -> Model:
    """Feed-forward of the 2B for a video of 1024 latents."""
    return _feed_forward(tokens=1024, width=2048, inner=8192, layers=3)


def _vae_decoder() -> Model:
    """Convolutions as they are in front of the decoder's second upsampler."""
    channels, layers = 512, 2
    chance = np.random.default_rng(0)
    x = _parameter(1, channels, 4, 32, 32)
    last: Node = x
    for _ in range(layers):
        kernel = chance.standard_normal((channels, channels, 3, 3, 3), np.float32)
        last = operators.convolution(
            last,
            operators.constant(kernel / np.sqrt(kernel[0].size)),
            strides=[1] * 3,
            pads_begin=[1] * 3,
            pads_end=[1] * 3,
            dilations=[1] * 3,
        )
    return Model([last], [x], "decoder")


_PIECES: Mapping[str, Callable[[], Model]] = {
    "text": _text_encoder,
    "denoise": _transformer,
    "decode": _vae_decoder,
}


def _feed_forward(*, tokens: int, width: int, inner: int, layers: int) -> Model:
    chance = np.random.default_rng(0)
    x = _parameter(1, tokens, width)
    last: Node = x
    for _ in range(layers):
        last = operators.gelu(_linear(last, width, inner, chance), "tanh")
        last = _linear(last, inner, width, chance)
    return Model([last], [x], "feed_forward")


def _linear(x: Node, inputs: int, outputs: int, chance: np.random.Generator) -> Node:
    """Multiply with INT8 weights that have a scale for each output, as the exporter writes them."""
    weights = chance.integers(-127, 128, (outputs, inputs), np.int8)
    scales = np.full((outputs, 1), 1 / (weights.std() * np.sqrt(inputs)), np.float32)
    whole = operators.convert(operators.constant(weights), "f32")
    return operators.matmul(x, operators.multiply(whole, operators.constant(scales)), False, True)


def _parameter(*shape: int) -> Node:
    x = operators.parameter(Shape(shape), Type.f32, _INPUT)
    x.output(0).get_tensor().set_names({_INPUT})
    return x
