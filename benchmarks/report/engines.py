"""docs/engines.md: how fast each engine is, and measurements that decided how they are cut."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import latency, projections, resources
from benchmarks.report.figures import Figures
from benchmarks.report.markdown import with_article
from benchmarks.result import Result
from benchmarks.suite import engines, steps, text_projections

DOCUMENT = Path(__file__).parents[2] / "docs" / "engines.md"

_SECTIONS = (
    (engines.PART, "## Rates", resources.engine_rates),
    (steps.PART, "## Number of steps", latency.steps_of_triton),
    (
        text_projections.PART,
        "## Text projections, in every step or once",
        projections.weighed,
    ),
)


def write(results: Sequence[Result], document: Path = DOCUMENT) -> None:
    document.write_text(text(results), encoding="utf-8")


def text(results: Sequence[Result]) -> str:
    """Return the document; parts that were not measured are left out."""
    figures = Figures(each for result in results for each in result.measurements)
    blocks = ["# Engines", _introduction(results)]
    for part, heading, section in _SECTIONS:
        if figures.has(part):
            blocks += [heading, section(figures)]
    return "\n\n".join([*blocks, "## Measuring with Triton's tools", _HOW]) + "\n"


def _introduction(results: Sequence[Result]) -> str:
    machine = results[0].machine
    return (
        f"Measured on {machine.cores} cores of {with_article(machine.processor)} with the demo "
        "checkpoint. [Performance](performance.md) compares whole requests and says how to repeat "
        "the measurements."
    )


_HOW = """\
The engine models speak Triton's standard protocol, so Triton's own tools work. `perf_analyzer` is
in NVIDIA's containers; without containers, take it from a wheel of the client:

```bash
apt-get install libb64-0d
pip download --no-deps tritonclient==2.45.0
unzip -j tritonclient-2.45.0-*.whl '*/perf_analyzer' && chmod +x perf_analyzer
pip install --no-deps --target cuda nvidia-cuda-runtime-cu12
export LD_LIBRARY_PATH=$PWD/cuda/nvidia/cuda_runtime/lib
```

With `make triton` running in another shell:

```bash
./perf_analyzer -m transformer -u localhost:8001 -i grpc --concurrency-range 1:4 \\
  --shape latents:4,16,16,78 --shape prompt_embeds:32,128 --shape attention_mask:32
```"""
