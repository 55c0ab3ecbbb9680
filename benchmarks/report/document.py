"""docs/performance.md: every figure in it comes from the results."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.report import bf16, latency, load, plots, real_size, resources
from benchmarks.report.figures import PEERS, Figures
from benchmarks.report.markdown import table, with_article
from benchmarks.result import BF16_FOLDER, REAL_SIZE_FOLDER, Result, load_all
from benchmarks.suite import (
    deployment,
    encoding,
    engines,
    grid,
    install,
    large,
    quotes,
    rectangles,
    request,
    start,
    throughput,
    together,
)
from benchmarks.suite.contenders import TOTAL

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"


def write(results: Sequence[Result], document: Path = DOCUMENT) -> None:
    """Write the document, and its plots into a folder beside it."""
    figures = Figures(each for result in results for each in result.measurements)
    plots.draw(figures, document.with_suffix(""))
    document.write_text(text(results, figures), encoding="utf-8")


def quotation(figures: Figures) -> str:
    """Return the sentence that the README quotes."""
    peer = figures.strongest()
    seconds = median(figures.stage("service", TOTAL))
    return (
        f"On two CPU cores the default video of the demo checkpoint takes {seconds:.1f} s from "
        f"POST to MP4; the strongest of the peers measured, {PEERS[peer].name}, takes "
        f"{figures.slowdown(peer).value:.2f} times as long"
    )


Section = tuple[str, str, Callable[[Figures], str]]  # part of the suite, heading if any, text
_SECTIONS: tuple[Section, ...] = (
    (request.PART, "## The default request, compared with its peers", latency.peers),
    (large.PART, "## Memory and the large request", latency.large_request),
    (rectangles.PART, "## Rectangles", latency.rectangles_of_engines),
    (request.PART, "## Stages", latency.stages),
    (encoding.PART, "## MP4 presets", latency.presets),
    (grid.PART, "## Other sizes, durations and frame rates", latency.sizes),
    (throughput.PART, "## Load", load.closed_loop),
    (together.PART, "", load.four_and_one),
    (throughput.PART, "", load.open_loop),
    (throughput.PART, "", load.flood),
    (quotes.PART, "## Quoted times", load.quoted_times),
    (start.PART, "## Start and memory", resources.start_and_memory),
    (install.PART, "## Serving environment", resources.serving_environment),
    (deployment.PART, "## More processes", load.processes),
)


def text(results: Sequence[Result], figures: Figures) -> str:
    """Return the document; parts that were not measured are left out."""
    blocks = ["# Performance", _introduction(results, figures)]
    if figures.has(request.PART):
        blocks.append(f"**{quotation(figures)}.**")
    blocks += ["## Targets", _targets(figures)]
    for part, heading, section in _SECTIONS:
        if figures.has(part):
            blocks += [heading] * bool(heading) + [section(figures)]
    blocks += ["## In BF16", bf16.compared(load_all(BF16_FOLDER))]
    blocks += ["## Real models on a CPU", real_size.section(load_all(REAL_SIZE_FOLDER))]
    return "\n\n".join([*blocks, "## Measuring it yourself", _HOW]) + "\n"


def _introduction(results: Sequence[Result], figures: Figures) -> str:
    machine = results[0].machine
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    precisions = {str(each["precision"]) for each in figures.labels(engines.PART, "flop/s")}
    upper = ", ".join(precisions).upper()
    here = f": here in {upper}, unless a section says otherwise" if precisions else ""
    commits = ", ".join(sorted({f"`{result.machine.commit}`" for result in results}))
    return (
        f"Measured on {machine.cores} cores of {with_article(machine.processor)} with "
        f"{machine.memory_bytes / 2**30:.0f} GiB and the [demo checkpoint]"
        "(../demo/checkpoint/README.md). The service computes in BF16 where the processor supports "
        f"it ([accuracy](quality.md)), else in FP32, and so do the peers on OpenVINO{here}. "
        "**Nothing here was measured on a GPU.** Seconds vary between machines and from hour to "
        "hour. Ratios are medians over interleaved rounds, with 95 % confidence intervals.\n\n"
        f"Python {machine.python}, {packages}; commits {commits}. `make bench` repeats all "
        "measurements and writes this document from the "
        "[results](../benchmarks/results/suite)."
    )


def _targets(figures: Figures) -> str:
    return table(
        ["", "target", "measured", ""],
        [
            [each.name, each.bound, each.measured, "met" if each.met else "**missed**"]
            for each in figures.targets()
        ],
    )


_HOW = """\
`make bench` runs everything and writes this page and [Engines](engines.md), which has the rates of
each engine; it takes an hour or two on two cores. `python -m benchmarks --help` lists the commands:

```bash
python -m benchmarks run request --rounds 5 --output /tmp/now   # one part
python -m benchmarks compare benchmarks/results/suite /tmp/now  # significant changes
python -m benchmarks check                                      # ratios only, 90 seconds
```"""
