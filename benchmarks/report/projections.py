"""The section on projections of the text in every denoising step, against once for each video."""

from dataclasses import dataclass
from itertools import product

from benchmarks.measurement import paired_ratio
from benchmarks.report.figures import Figures
from benchmarks.report.markdown import table
from benchmarks.suite.text_projections import (
    DEMO,
    EVERY_STEP,
    ONCE,
    PART,
    REAL_MODELS,
    SIZES,
    TIMED,
    TOKENS,
)

_BF16, _FP32 = 2, 4  # bytes of a weight in the engine, of a value between engines


@dataclass(frozen=True)
class Gpu:
    """Rates by the maker's data sheets."""

    name: str
    flops: float  # dense BF16, FP32 sums
    memory: float  # bytes/s
    bus: float  # bytes/s in one direction
    size: float  # bytes of memory

    def cells(self, operations: "_Step", weights: "_Step", passed: float) -> list[str]:
        """Return what a step saves and what the bytes passed to it take, if the model fits."""
        if _BF16 * (weights.projections + weights.others) > self.size:
            return ["", ""]
        saved, rest = (
            max(flops / self.flops, _BF16 * count / self.memory)
            for flops, count in (
                (operations.projections, weights.projections),
                (operations.others, weights.others),
            )
        )
        share = saved / (saved + rest)
        return [
            f"{1e3 * saved:.2f} of {1e3 * (saved + rest):.1f} ms ({share:.1%})",
            f"{1e3 * passed / self.bus:.2f} ms",
        ]


_GPUS = (
    Gpu("H100", flops=989e12, memory=3.35e12, bus=64e9, size=80e9),  # SXM5, PCIe 5
    Gpu("RTX 4090", flops=165e12, memory=1.01e12, bus=32e9, size=24e9),  # PCIe 4
)


@dataclass(frozen=True)
class _Step:
    """What the projections have of a step."""

    projections: float
    others: float

    @classmethod
    def of(cls, figures: Figures, unit: str, **labels: str | int) -> "_Step":
        [projections], [others] = (
            figures.samples(PART, unit, **labels, what=what) for what in ("projections", "others")
        )
        return cls(projections, others)

    @property
    def share(self) -> str:
        return f"{self.projections / (self.projections + self.others):.1%}"


def weighed(figures: Figures) -> str:
    copies = max(figures.samples(PART, "bytes/s", what="copy"))
    rates = "; ".join(
        f"{gpu.name}: {gpu.flops / 1e12:.0f} TFLOP/s, {gpu.memory / 1e12:.2f} TB/s and "
        f"{gpu.bus / 1e9:.0f} GB/s on the bus"
        for gpu in _GPUS
    )
    return (
        "The caption projection, and from it the keys and values of all cross-attentions, depend "
        "on the prompt alone, yet every step computes them. An engine of their own could hand "
        "them to all steps. To weigh that, the demo checkpoint's transformer was cut in two and "
        "run in one process: the time of a step today over the time of a step that is given keys "
        "and values, an eighth of computing them included.\n\n"
        + _measured(figures)
        + "\n\nOn a GPU, on paper and in BF16: the projections, and the rest of a step, each take "
        "as long as their operations at the peak rate or as reading their weights, if that is "
        f"longer ({rates}). *MB* pass into the transformer at each step, in FP32: prompt "
        "embeddings today, keys and values instead. The 13B exceeds the memory of an RTX 4090.\n\n"
        + _on_paper(figures)
        + "\n\nSo every step goes on computing them. On a CPU they are too small a part of the "
        "default request. On a GPU the bus takes back most of what they cost, or more than that, "
        "because engines exchange tensors through host memory; and there each copy, at "
        f"{copies / 1e9:.0f} GB/s at best on this machine, takes more again. FP8 halves their "
        "cost, but not the bytes. Keys and values that stay on the GPU between steps would pay, "
        "for small videos above all, at the price of state: Triton batches steps of different "
        "videos, and its TensorRT backend keeps nothing from one request to the next."
    )


def _measured(figures: Figures) -> str:
    precisions = dict.fromkeys(str(each["precision"]) for each in figures.labels(PART, "s"))
    rows = []
    for size, tokens in product(TIMED, TOKENS):
        operations = _Step.of(figures, "flop", model=DEMO, size=size, tokens=tokens)
        row = [size, f"{tokens}", operations.share]
        for precision in precisions:
            today, once = (
                figures.samples(PART, "s", precision=precision, size=size, tokens=tokens, way=way)
                for way in (EVERY_STEP, ONCE)
            )
            row.append(str(paired_ratio(today, once)))
        rows.append(row)
    heads = ["size", "text tokens", "of a step's operations"]
    return table([*heads, *(precision.upper() for precision in precisions)], rows)


def _on_paper(figures: Figures) -> str:
    rows = []
    for model, size, tokens in product(REAL_MODELS, SIZES, TOKENS):
        operations = _Step.of(figures, "flop", model=model, size=size, tokens=tokens)
        weights = _Step.of(figures, "parameters", model=model)
        passed = [
            _FP32 * tokens * figures.samples(PART, "values/token", model=model, way=way)[0]
            for way in (EVERY_STEP, ONCE)
        ]
        megabytes = " → ".join(f"{each / 1e6:.1f}" for each in passed)
        row = [model, size, f"{tokens}", operations.share, weights.share, megabytes]
        for gpu in _GPUS:
            row += gpu.cells(operations, weights, passed[1] - passed[0])
        rows.append(row)
    heads = ["model", "size", "text tokens", "operations", "weights", "MB"]
    for gpu in _GPUS:
        heads += [f"{gpu.name} saves", "the bus takes"]
    return table(heads, rows)
