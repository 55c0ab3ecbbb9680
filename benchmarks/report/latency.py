"""Sections on single requests: baselines, stages, sizes and steps."""

from statistics import median

from benchmarks.measurement import percentile
from benchmarks.report.figures import BASELINES, Figures
from benchmarks.report.markdown import spread, table
from benchmarks.suite import grid, request, steps


def baselines(figures: Figures) -> str:
    systems = {"service": "this service, POST to MP4", **BASELINES}
    rows = []
    for system, name in systems.items():
        seconds = figures.stage(system, request.TOTAL)
        ratio = "1" if system == "service" else str(figures.slowdown(system))
        rows.append([name, *spread(seconds), ratio])
    return (
        f"24 frames, 512 x 512, {request.STEPS} steps. The baselines run `LTXConditionPipeline` on "
        "the same checkpoint in one process and write the MP4 with diffusers' `export_to_video`; "
        "the service includes HTTP, its job store, Triton and ffmpeg.\n\n"
        + table(["", "median, s", "5 %", "95 %", "time over the service's"], rows)
        + "\n\n![Time of the baselines over the service's](performance/baselines.svg)"
    )


def stages(figures: Figures) -> str:
    names = {
        "queue": "queue",
        "text": "text encoder",
        "denoise": f"denoising, {request.STEPS} steps",
        "decode": "decoding",
        "mp4": "transfer, MP4",
        "http": "HTTP, job store",
        request.TOTAL: "**total**",
    }
    systems = ("in-process engines", "Triton", "service")
    measured = {
        name: {each["stage"] for each in figures.labels(request.PART, "s", system=name)}
        for name in systems
    }
    rows = [
        [
            title,
            *(
                f"{1e3 * median(figures.stage(system, stage)):.1f}"
                if stage in measured[system]
                else ""
                for system in systems
            ),
        ]
        for stage, title in names.items()
    ]
    return (
        "Median milliseconds of the default request. *In-process engines* are the same engine "
        "calls in one process without a server; *Triton* adds the server, the calls between models "
        "and the transfer of the frames over gRPC; *service* adds HTTP, the job store and the "
        "MP4.\n\n"
        + table(["", *systems], rows)
        + "\n\n![Stages of the default request](performance/stages.svg)\n\n"
        f"The service adds {1e3 * figures.step_overhead():.1f} ms to each denoising step of the "
        f"in-process engines and spends {figures.overhead():.1%} of the request outside the "
        "engines."
    )


def sizes(figures: Figures) -> str:
    rows = []
    for each in figures.labels(grid.PART, "s", stage="total"):
        seconds = figures.samples(grid.PART, "s", **each)
        size = {name: each[name] for name in ("resolution", "duration", "fps")}
        parts = [
            median(figures.samples(grid.PART, "s", **size, stage=stage))
            for stage in ("denoise", "decode", "mp4")
        ]
        rows.append(
            [
                f"{each['resolution']} x {each['resolution']}",
                f"{each['duration']} s",
                f"{each['fps']}",
                *spread(seconds),
                *(f"{part:.2f}" for part in parts),
            ]
        )
    heads = ["size", "duration", "fps", "median, s", "5 %", "95 %", "denoise", "decode", "MP4"]
    return table(heads, rows) + "\n\n![Latency by number of frames](performance/latency.svg)"


def steps_of_triton(figures: Figures) -> str:
    rows = []
    for each in figures.labels(steps.PART, "s", what="request"):
        seconds = figures.samples(steps.PART, "s", **each)
        single = figures.samples(steps.PART, "s", what="step", steps=each["steps"])
        milliseconds = (median(single), percentile(single, 5), percentile(single, 95))
        rows.append(
            [
                f"{each['steps']}",
                *spread(seconds),
                *(f"{1e3 * value:.1f}" for value in milliseconds),
            ]
        )
    constant, slope = figures.step_fit()
    heads = ["steps", "request, s", "5 %", "95 %", "one step, ms", "5 %", "95 %"]
    return (
        "The default size in Triton, without HTTP and MP4:\n\n"
        + table(heads, rows)
        + f"\n\nLeast-squares fit: {constant:.2f} s plus {1e3 * slope:.1f} ms per step."
    )
