"""docs/sizing.md: memory and seconds by size of the video."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.report.figures import Figures
from benchmarks.report.markdown import table
from benchmarks.result import Result
from benchmarks.suite import grid, sizing

DOCUMENT = Path(__file__).parents[2] / "docs" / "sizing.md"

_INTRODUCTION = """\
# Sizing

The exporter measures what each engine takes for videos of several sizes, and keeps it beside the
engine (`model.onnx.memory.json`). From that the service computes what a video needs. Jobs run side
by side while the sum stays within `MEMORY_BUDGET_GB`, 90 % of the free memory by default; the
others wait in turn. A video that can never fit is refused with a 400 that says what it needs.\
"""
_CPU = """\
## On a CPU

The demo checkpoint in FP32 on {cores} cores of {processor}. *Peak* is the largest sum over all
processes of the service, *expected* what the service computes for it, *held* what it keeps
afterwards, *seconds* the time of one request (measured by `grid`). After a first small video it
holds {before:.0f} MB. BF16 takes less; the service computes with FP32. The exporter measures
frames of 512 x 512 pixels; for larger ones the service scales these figures up.\
"""
_RUNTIMES = """\
OpenVINO holds a copy of the weights beside their file, which cannot leave memory.
`CPU_RUNTIME=onnxruntime` computes from the file: the system drops its pages when memory is short,
and reads them again. All attention scores of a step are in memory at once then, 4 bytes x heads x
tokens^2: with 32 heads 0.13 GB for 25 frames of 512 x 512 pixels, and 9.1 GB for 257. The decoder
runs in OpenVINO always.

Where the engines and the default video exceed that limit when Triton starts, the text encoder is
loaded from its file for each new prompt and unloaded before the first step. Then the larger of two
sums counts: the text encoder with the other engines at rest, or those at work without it. Videos
are made one by one. `ltx-video doctor` says whether this applies.\
"""
_GPU = """\
## On a GPU

Nothing was measured on one. Known before an export are the weights, in GB:\
"""
_PLANS = """\
Beside them a GPU holds the activations of each plan's largest profile. `make export
TARGET=tensorrt` prints them and keeps them (`model.plan.memory.json`). If they exceed
`MEMORY_BUDGET_GB`, by default 90 % of the GPU's memory, every request is refused with both figures.
With `--weight-streaming` the weights do not count. In FP8 only the
transformer's linear layers shrink, to half of BF16.\
"""
_HOW = """\
`CPU_PRECISION=fp32 python -m benchmarks run sizing grid` measures, `python -m benchmarks report`
writes this page from the results: [memory](../benchmarks/results/suite/sizing.json) and
[seconds](../benchmarks/results/suite/grid.json).\
"""


def write(results: Sequence[Result], document: Path = DOCUMENT) -> None:
    document.write_text(text(results), encoding="utf-8")


def text(results: Sequence[Result]) -> str:
    """Return the document.

    Raises:
        ValueError: the part `sizing` has not been measured.
    """
    measured = [each for each in results if each.measurements[0].part == sizing.PART]
    if not measured:
        raise ValueError("no results of sizing: run `python -m benchmarks run sizing` first")
    [result] = measured
    figures = Figures(each for result in results for each in result.measurements)
    machine = result.machine
    cpu = _CPU.format(
        cores=machine.cores,
        processor=machine.processor,
        before=median(_bytes(figures, "before")) / 1e6,
    )
    blocks = [
        _INTRODUCTION,
        cpu,
        _videos(figures),
        _RUNTIMES,
        _GPU,
        _weights(figures),
        _PLANS,
        _HOW,
    ]
    return "\n\n".join(blocks) + "\n"


def _videos(figures: Figures) -> str:
    rows = []
    for resolution, duration, fps, videos in sizing.CASES:
        size = {"resolution": resolution, "duration": duration, "fps": fps}
        peak, expected, held = (
            f"{median(samples) / 1e6:.0f}"
            for what in ("peak", "expected", "after")
            for samples in [figures.samples(sizing.PART, "bytes", **size, videos=videos, what=what)]
        )
        timed = videos == 1 and figures.labels(grid.PART, "s", **size, stage="total")
        seconds = figures.samples(grid.PART, "s", **size, stage="total") if timed else []
        rows.append(
            [
                f"{videos}",
                f"{resolution} x {resolution}",
                f"{duration} s at {fps} fps",
                *(peak, expected, held),
                f"{median(seconds):.1f}" if seconds else "",
            ]
        )
    memory = ["peak, MB", "expected, MB", "held, MB"]
    return table(["videos at once", "pixels", "length", *memory, "seconds"], rows)


def _weights(figures: Figures) -> str:
    rows = []
    for labels in figures.labels(sizing.PART, "parameters"):
        [count] = figures.samples(sizing.PART, "parameters", **labels)
        sizes = [f"{count * width / 1e9:.1f}" for width in (4, 2)]
        rows.append([f"{labels['component']}", f"{labels['model']}", f"{count / 1e9:.2f}", *sizes])
    return table(["", "model", "parameters, billions", "FP32", "BF16"], rows)


def _bytes(figures: Figures, what: str) -> Sequence[float]:
    return [
        sample
        for labels in figures.labels(sizing.PART, "bytes", what=what)
        for sample in figures.samples(sizing.PART, "bytes", **labels)
    ]
