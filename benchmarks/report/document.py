"""docs/performance.md: every figure in it comes from the results."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.report import latency, load, plots, resources
from benchmarks.report.figures import Figures
from benchmarks.report.markdown import table
from benchmarks.result import Result
from benchmarks.suite import request

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"


def write(results: Sequence[Result], document: Path = DOCUMENT) -> None:
    """Write the document, and its plots into a folder beside it.

    Raises:
        LookupError: a part has not been measured.
    """
    figures = Figures(each for result in results for each in result.measurements)
    plots.draw(figures, document.with_suffix(""))
    document.write_text(text(results, figures), encoding="utf-8")


def quotation(figures: Figures) -> str:
    """Return the sentence that the README quotes."""
    eager, compiled = (
        f"{figures.slowdown(baseline).value:.1f} times"
        for baseline in ("diffusers", "torch.compile")
    )
    seconds = median(figures.stage("service", request.TOTAL))
    return (
        f"On two CPU cores the default video of the demo checkpoint takes {seconds:.1f} s from "
        f"POST to MP4; diffusers takes {eager} as long, with `torch.compile` {compiled}"
    )


def text(results: Sequence[Result], figures: Figures) -> str:
    return (
        "\n\n".join(
            [
                "# Performance",
                _introduction(results),
                "## Targets",
                _targets(figures),
                "## The default request, compared with diffusers",
                latency.baselines(figures),
                "## Stages",
                latency.stages(figures),
                "## Other sizes, durations and frame rates",
                latency.sizes(figures),
                "## Number of steps",
                latency.steps_of_triton(figures),
                "## Load",
                load.closed_loop(figures),
                load.open_loop(figures),
                load.flood(figures),
                "## Start and memory",
                resources.start_and_memory(figures),
                "## The engines",
                resources.engine_rates(figures),
                "## More processes",
                load.processes(figures),
                "## Measuring it yourself",
                _HOW,
            ]
        )
        + "\n"
    )


def _introduction(results: Sequence[Result]) -> str:
    machine = results[0].machine
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    commits = ", ".join(sorted({f"`{result.machine.commit}`" for result in results}))
    return (
        f"Measured on {machine.cores} cores of {_article(machine.processor)} with "
        f"{machine.memory_bytes / 2**30:.0f} GiB and the [demo checkpoint]"
        "(../demo/checkpoint/README.md). Both sides use their defaults: the service computes in "
        "BF16 where the processor supports it ([accuracy](quality.md)), diffusers in FP32. "
        "**Nothing here was measured on a GPU.** Seconds vary between machines and from hour to "
        "hour. Ratios are medians over interleaved rounds, with 95 % confidence intervals.\n\n"
        f"Python {machine.python}, {packages}; commits {commits}. `make bench` repeats all "
        "measurements and writes this document from the "
        "[results](../benchmarks/results/suite)."
    )


def _article(processor: str) -> str:
    return f"an {processor}" if processor[0] in "AEIO" else f"a {processor}"


def _targets(figures: Figures) -> str:
    return table(
        ["", "target", "measured", ""],
        [
            [each.name, each.bound, each.measured, "met" if each.met else "**missed**"]
            for each in figures.targets()
        ],
    )


_HOW = """\
`make bench` runs everything and writes this page; it takes about 40 minutes on two cores.
`python -m benchmarks --help` lists the commands:

```bash
python -m benchmarks run request --rounds 5 --output /tmp/now   # one part
python -m benchmarks compare benchmarks/results/suite /tmp/now  # significant changes
python -m benchmarks check                                      # ratios only, two minutes
```

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
