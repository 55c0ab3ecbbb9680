"""docs/performance.md: every figure in it comes from the raw results."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.measurement import Labels, percentile
from benchmarks.report import plots
from benchmarks.report.figures import PEERS, Figures
from benchmarks.result import Result
from benchmarks.suite import deployment, engines, grid, request, start, steps, throughput, together
from ltx_triton.contract import ENGINES, TRANSFORMER, VAE_DECODER

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"


def write(results: Sequence[Result]) -> None:
    """Write the document and its plots.

    Raises:
        LookupError: a part has not been measured.
    """
    figures = Figures(each for result in results for each in result.measurements)
    plots.draw(figures, DOCUMENT.with_suffix(""))
    DOCUMENT.write_text(text(results, figures), encoding="utf-8")


def quotation(figures: Figures) -> str:
    """What the README says."""
    eager, compiled = (
        f"{figures.against(peer).value:.1f} times" for peer in ("diffusers", "torch.compile")
    )
    seconds = median(figures.stage("service", request.TOTAL))
    return (
        f"On two CPU cores the default video of the demo checkpoint takes {seconds:.1f} s from "
        f"POST to MP4; diffusers takes {eager} as long, with `torch.compile` {compiled}"
    )


def text(results: Sequence[Result], figures: Figures) -> str:
    """The whole document."""
    return (
        "\n\n".join(
            [
                "# Performance",
                _introduction(results),
                "## Targets",
                _targets(figures),
                "## The default request, against what people would use instead",
                _peers(figures),
                "## Where the time goes",
                _stages(figures),
                "## Other sizes, lengths and frame rates",
                _grid(figures),
                "## Number of steps",
                _steps(figures),
                "## Load",
                _closed_loop(figures),
                _open_loop(figures),
                _flood(figures),
                "## Start and memory",
                _start(figures),
                "## The engines",
                _engines(figures),
                "## More processes",
                _deployment(figures),
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
        f"{machine.memory_bytes / 2**30:.0f} GiB, with the [demo checkpoint]"
        "(../demo/checkpoint/README.md), by default as each side runs it: the service in BF16 "
        "where the processor has it ([what that costs](quality.md)), diffusers in FP32. **Nothing "
        "here was measured on a GPU.** Seconds differ between machines and from hour to hour; "
        "ratios are medians over rounds in which everybody had a turn, with the interval that "
        "chance leaves at a confidence of 95 %.\n\n"
        f"Python {machine.python}, {packages}; commits {commits}. `make bench` measures all of it "
        "again and writes this document from the [raw results](../benchmarks/results/suite)."
    )


def _article(processor: str) -> str:
    return f"an {processor}" if processor[0] in "AEIO" else f"a {processor}"


def _targets(figures: Figures) -> str:
    return _table(
        ["", "target", "measured", ""],
        [
            [each.what, each.bound, each.measured, "met" if each.met else "**missed**"]
            for each in figures.targets()
        ],
    )


def _peers(figures: Figures) -> str:
    contenders = {"service": "this service, POST to MP4", **PEERS}
    rows = []
    for contender, name in contenders.items():
        seconds = figures.stage(contender, request.TOTAL)
        ratio = "1" if contender == "service" else str(figures.against(contender))
        rows.append([name, *_spread(seconds), ratio])
    return (
        f"24 frames, 512 x 512, {request.STEPS} steps. The peers run `LTXConditionPipeline` on the "
        "same checkpoint in one process and write the MP4 with diffusers' `export_to_video`; the "
        "service goes through HTTP, its job store, Triton and ffmpeg.\n\n"
        + _table(["", "median, s", "5 %", "95 %", "time over the service's"], rows)
        + "\n\n![Ratio of the peers to the service](performance/peers.svg)"
    )


def _stages(figures: Figures) -> str:
    names = {
        "queue": "queue",
        "text": "text encoder",
        "denoise": f"denoising, {request.STEPS} steps",
        "decode": "decoding",
        "mp4": "transfer, MP4",
        "http": "HTTP, job store",
        request.TOTAL: "**total**",
    }
    contenders = ("bare engines", "Triton", "service")
    there = {
        name: {each["stage"] for each in figures.labels(request.PART, "s", contender=name)}
        for name in contenders
    }
    rows = [
        [
            title,
            *(
                f"{1e3 * median(figures.stage(contender, stage)):.1f}"
                if stage in there[contender]
                else ""
                for contender in contenders
            ),
        ]
        for stage, title in names.items()
    ]
    return (
        "Milliseconds of the default request, medians. *Bare engines* are the same engine calls "
        "in one process without a server; *Triton* adds the server, the calls between models and "
        "the transfer of the frames by gRPC; *service* adds HTTP, the job store and the MP4.\n\n"
        + _table(["", *contenders], rows)
        + "\n\n![Stages of the default request](performance/stages.svg)\n\n"
        f"A denoising step takes {1e3 * figures.step_overhead():.1f} ms longer in the service "
        f"than bare; {figures.beside_engines():.1%} of the request is not in engines."
    )


def _grid(figures: Figures) -> str:
    rows = []
    for each in figures.labels(grid.PART, "s", stage="total"):
        seconds = figures.samples(grid.PART, "s", **each)
        where = {name: each[name] for name in ("resolution", "duration", "fps")}
        stages = [
            median(figures.samples(grid.PART, "s", **where, stage=stage))
            for stage in ("denoise", "decode", "mp4")
        ]
        rows.append(
            [
                f"{each['resolution']} x {each['resolution']}",
                f"{each['duration']} s",
                f"{each['fps']}",
                *_spread(seconds),
                *(f"{stage:.2f}" for stage in stages),
            ]
        )
    heads = ["size", "length", "fps", "median, s", "5 %", "95 %", "denoise", "decode", "MP4"]
    return (
        _table(heads, rows) + "\n\n![Latency against the number of frames](performance/latency.svg)"
    )


def _steps(figures: Figures) -> str:
    rows = []
    for each in figures.labels(steps.PART, "s", what="request"):
        seconds = figures.samples(steps.PART, "s", **each)
        single = figures.samples(steps.PART, "s", what="step", steps=each["steps"])
        milliseconds = (median(single), percentile(single, 5), percentile(single, 95))
        rows.append(
            [
                f"{each['steps']}",
                *_spread(seconds),
                *(f"{1e3 * value:.1f}" for value in milliseconds),
            ]
        )
    constant, further = figures.step_fit()
    heads = ["steps", "request, s", "5 %", "95 %", "one step, ms", "5 %", "95 %"]
    return (
        "The default size asked of Triton, without HTTP and MP4, and its single steps:\n\n"
        + _table(heads, rows)
        + f"\n\nFitted: {constant:.2f} s and {1e3 * further:.1f} ms for each step."
    )


def _closed_loop(figures: Figures) -> str:
    rows = []
    for each in figures.labels(throughput.PART, "videos/min", server="service", load="closed"):
        clients = int(each["clients"])
        where: Labels = {"server": "service", "load": "closed", "clients": clients}
        latency = figures.samples(throughput.PART, "s", what="request", **where)
        wait = figures.samples(throughput.PART, "s", what="wait", **where)
        batch = figures.samples(throughput.PART, "videos a step", **where)
        theirs = figures.samples(
            throughput.PART, "videos/min", server="handwritten", load="closed", clients=clients
        )
        rows.append(
            [
                str(clients),
                f"{median(figures.samples(throughput.PART, 'videos/min', **where)):.1f}",
                f"{median(theirs):.1f}",
                str(figures.load_ratio(clients)),
                f"{median(latency):.1f}",
                f"{percentile(latency, 95):.1f}",
                f"{max(latency) / median(latency):.2f}",
                f"{median(wait):.1f}",
                f"{median(batch):.2f}",
            ]
        )
    heads = ["clients", "videos/min", "peer's", "ratio", "latency, s", "95 %", "longest / median"]
    return (
        "Clients that ask for the next default video when they have the last one, here and at "
        "the peer: the FastAPI application that people write by hand around diffusers' pipeline "
        "([handwritten.py](../benchmarks/baselines/fastapi_diffusers.py)). *Videos a step* is the "
        "batch that Triton reached in the transformer.\n\n"
        + _table([*heads, "wait, s", "videos a step"], rows)
        + "\n\n![Throughput against clients](performance/throughput.svg)\n\n"
        f"Four clients and one, in turns: {_rate(figures, 4)} and {_rate(figures, 1)} videos a "
        f"minute, which is a ratio of {figures.together(4)}."
    )


def _rate(figures: Figures, clients: int) -> str:
    return f"{median(figures.samples(together.PART, 'videos/min', clients=clients)):.1f}"


def _open_loop(figures: Figures) -> str:
    rows = []
    for each in figures.labels(throughput.PART, "videos/min", load="open"):
        latency = figures.samples(
            throughput.PART, "s", what="request", load="open", percent=each["percent"]
        )
        refused = figures.samples(throughput.PART, "refused", **each)
        rows.append(
            [
                f"{each['percent']} %",
                f"{median(figures.samples(throughput.PART, 'videos/min', **each)):.1f}",
                f"{median(latency):.1f}",
                f"{percentile(latency, 95):.1f}",
                f"{max(latency):.1f}",
                f"{sum(refused):.0f}",
            ]
        )
    return (
        "Requests that come whether or not others are answered, at a share of what four clients "
        "got. Past saturation the queue grows, in order of arrival, up to `MAX_QUEUED_JOBS`; what "
        "comes then is refused with 503.\n\n"
        + _table(["rate", "videos/min", "latency, s", "95 %", "longest", "refused"], rows)
    )


def _flood(figures: Figures) -> str:
    [flood] = figures.labels(throughput.PART, "videos/min", load="flood")
    where: Labels = {"load": "flood", "percent": flood["percent"]}
    refused = figures.samples(throughput.PART, "refused", **flood)
    refusals = figures.samples(throughput.PART, "s", what="refusal", **where)
    made = figures.samples(throughput.PART, "s", what="request", **where)
    return (
        f"At {flood['percent']} % with `MAX_QUEUED_JOBS={flood['room']}`, {sum(refused):.0f} of "
        f"{sum(refused) + len(made):.0f} requests were refused, within "
        f"{1e3 * max(refusals):.0f} ms at most; the others took {median(made):.1f} s and "
        f"{max(made):.1f} s at most, at "
        f"{median(figures.samples(throughput.PART, 'videos/min', **flood)):.1f} videos a minute."
    )


def _start(figures: Figures) -> str:
    seconds = [
        [f"{each['what']}", *_spread(figures.samples(start.PART, "s", **each))]
        for each in figures.labels(start.PART, "s")
    ]
    sizes = [
        [f"{each['process']}", f"{median(figures.samples(start.PART, 'bytes', **each)) / 1e6:.0f}"]
        for each in figures.labels(start.PART, "bytes")
    ]
    return (
        "From `make serve` until it is ready, then the first two default requests:\n\n"
        + _table(["", "median, s", "5 %", "95 %"], seconds)
        + "\n\nResident after them (a page that two processes share counts in both):\n\n"
        + _table(["process", "MB"], sizes)
    )


def _engines(figures: Figures) -> str:
    cores = max(int(each["cores"]) for each in figures.labels(engines.PART, "s"))
    [peaks] = figures.labels(engines.PART, "flop/s", what="peak")
    peak = median(figures.samples(engines.PART, "flop/s", **peaks))
    rows = []
    for contract in ENGINES:
        for each in figures.labels(engines.PART, "s", engine=contract.name):
            operations = (
                each["batch"]
                * figures.samples(  # type: ignore[operator]
                    engines.PART,
                    "flop",
                    engine=contract.name,
                    side=each["side"],
                    frames=each["frames"],
                )[0]
            )
            seconds = median(figures.samples(engines.PART, "s", **each))
            rows.append(
                [
                    contract.name,
                    f"{each['side']} x {each['side']} x {each['frames']}",
                    f"{each['batch']}",
                    f"{each['cores']}",
                    f"{operations / 1e9:.2f}",
                    f"{seconds * 1e3:.1f}",
                    f"{operations / seconds / 1e9:.0f}",
                    f"{operations / seconds / peak * int(cores) / int(each['cores']):.0%}",
                ]
            )
    fits = []
    for contract in (TRANSFORMER, VAE_DECODER):  # the text is as long for every size
        fit = figures.fit(contract.name)
        fits.append(
            [
                contract.name,
                f"{fit.constant * 1e3:.1f}",
                f"{fit.rate / 1e9:.0f}",
                f"{fit.peak_share:.0%}",
            ]
        )
    heads = ["engine", "size", "batch", "cores", "GFLOP", "ms", "GFLOP/s", "of the peak"]
    return (
        f"The peak is what this machine reaches in products of large "
        f"{str(peaks['precision']).upper()} matrices: "
        f"{peak / 1e9:.0f} GFLOP/s on {cores} cores. Operations are counted as in PyTorch, an "
        "addition and a multiplication as two.\n\n"
        + _table(heads, rows)
        + "\n\nSeconds as a constant and a rate, fitted over the sizes:\n\n"
        + _table(["engine", "constant, ms", "GFLOP/s", "of the peak"], fits)
    )


def _deployment(figures: Figures) -> str:
    rows = [
        [
            f"{each['workers']}",
            f"{each['instances']}",
            f"{median(figures.samples(deployment.PART, 'videos/min', **each)):.1f}",
            f"{median(figures.samples(deployment.PART, 'bytes', **each)) / 1e6:.0f}",
        ]
        for each in figures.labels(deployment.PART, "videos/min")
    ]
    heads = ["API workers", "instances of each engine", "videos/min", "MB in all"]
    return "Four clients, default requests:\n\n" + _table(heads, rows)


def _spread(seconds: Sequence[float]) -> list[str]:
    values = (median(seconds), percentile(seconds, 5), percentile(seconds, 95))
    return [f"{value:.2f}" for value in values]


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_HOW = """\
`make bench` runs everything and writes this page; it takes about 40 minutes on two cores.
`python -m benchmarks --help` says more:

```bash
python -m benchmarks run request --rounds 5 --output /tmp/now   # one part of it
python -m benchmarks compare benchmarks/results/suite /tmp/now  # what changed, noise set aside
python -m benchmarks check                                      # ratios only, for CI: two minutes
```

The engine models speak Triton's usual protocol, so its own tools work too. `perf_analyzer` is in
NVIDIA's containers, and for a machine without them in a wheel of the client:

```bash
apt-get install libb64-0d
pip download --no-deps tritonclient==2.45.0
unzip -j tritonclient-2.45.0-*.whl '*/perf_analyzer' && chmod +x perf_analyzer
pip install --no-deps --target cuda nvidia-cuda-runtime-cu12
export LD_LIBRARY_PATH=$PWD/cuda/nvidia/cuda_runtime/lib
```

With `make triton` running elsewhere:

```bash
./perf_analyzer -m transformer -u localhost:8001 -i grpc --concurrency-range 1:4 \\
  --shape latents:4,16,16,78 --shape prompt_embeds:32,128 --shape attention_mask:32
```"""
