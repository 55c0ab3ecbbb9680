"""Sections on single requests: peers, the large request, rectangles, stages, sizes and steps."""

from statistics import median

from benchmarks import quiet
from benchmarks.measurement import percentile
from benchmarks.report.figures import GENAI, MOMENTS, PEERS, Figures
from benchmarks.report.markdown import spread, table
from benchmarks.suite import encoding, grid, large, rectangles, request, steps
from benchmarks.suite.contenders import FRAMES, IN_PROCESS, TOTAL


def peers(figures: Figures) -> str:
    rows = [["this service, POST to MP4", *spread(figures.stage("service", TOTAL)), "1", "", ""]]
    bare = figures.stage(IN_PROCESS, TOTAL)
    rows.append(["its engines in one process", "", "", "", "", f"{median(bare):.2f}", "1"])
    for peer in figures.peers():
        frames = figures.stage(peer, FRAMES)
        rows.append(
            [
                PEERS[peer].name,
                *spread(figures.stage(peer, TOTAL)),
                str(figures.slowdown(peer)),
                f"{median(frames):.2f}",
                str(figures.frames_slowdown(peer)),
            ]
        )
    heads = ["", "median, s", "5 %", "95 %", "time over the service's", "frames, s"]
    return (
        f"24 frames, 512 x 512, {request.STEPS} steps, without guidance. Each peer runs in one "
        "process of its own and writes the MP4 once it has the frames; the service includes "
        "HTTP, its job store, Triton and ffmpeg. *Frames* are without MP4.\n\n"
        + table([*heads, "frames over the engines'"], rows)
        + f"{_disturbances(figures, request.PART)}"
        + "\n\n![Time of the peers over the service's](performance/peers.svg)\n\n"
        "What the peers cannot do, or do differently:\n\n"
        + table(["", ""], [[PEERS[peer].name, PEERS[peer].differs] for peer in figures.peers()])
    )


def _disturbances(figures: Figures, part: str) -> str:
    thrown, disturbed, kept = figures.thrown_away(part)
    if not kept:
        return ""
    return (
        "\n\nAll write MP4 with the service's settings. A sample during which other processes took "
        f"{quiet.FOREIGN_LIMIT:.0%} of a core or more was thrown away and repeated: {thrown} of "
        f"{thrown + kept}. {disturbed} of the {kept} kept were disturbed all the same, as no try "
        "was quiet."
    )


def large_request(figures: Figures) -> str:
    systems = {"service": "this service", IN_PROCESS: "its engines in one process"}
    systems |= {peer: PEERS[peer].name for peer in figures.peers(large.PART)}
    rows = []
    for system, name in systems.items():
        seconds = figures.samples(large.PART, "s", system=system, stage=TOTAL)
        memory = [f"{figures.peak_bytes(system, what) / 1e9:.2f}" for what in MOMENTS]
        ratio = "1" if system == "service" else str(figures.slowdown(system, large.PART))
        rows.append([name, f"{median(seconds):.1f}", ratio, *memory])
    heads = ["", "large request, s", "over the service's", "peak GB, default", "peak GB, large"]
    return (
        "240 frames, 512 x 512: 10 s at 24 frames a second. Each contender starts anew, with the "
        "machine for itself, and makes three default videos and two large ones. Memory is the "
        "summed proportional set size of all its processes, ffmpeg included, sampled; *held* is 5 "
        "seconds after the first large video. Seconds are the second one's.\n\n"
        + table([*heads, "held after it, GB"], rows)
        + f"{_disturbances(figures, large.PART)}"
        + "\n\n![Memory of all processes](performance/memory.svg)\n\n"
        "![Time of the large request](performance/large.svg)"
    )


def rectangles_of_engines(figures: Figures) -> str:
    systems = ("Triton", IN_PROCESS, "optimum-intel dynamic", GENAI)
    sizes = dict.fromkeys(
        (each["width"], each["height"]) for each in figures.labels(rectangles.PART, "s")
    )
    rows = []
    for width, height in sizes:
        cells = []
        for system in systems:
            stage = FRAMES if system in PEERS else TOTAL
            seconds = figures.samples(
                rectangles.PART, "s", system=system, stage=stage, width=width, height=height
            )
            cells.append(f"{median(seconds):.2f}")
        rows.append([f"{width} x {height}", *cells])
    return (
        "Median seconds of the frames, 24 at 8 a second, without HTTP and MP4; the "
        "engines take any multiple of 32.\n\n"
        + table(["size", *systems], rows)
        + f"{_disturbances(figures, rectangles.PART)}"
    )


def stages(figures: Figures) -> str:
    names = {
        "queue": "queue",
        "text": "text encoder",
        "denoise": f"denoising, {request.STEPS} steps",
        "decode": "decoding",
        "mp4": "transfer, MP4",
        "http": "HTTP, job store",
        TOTAL: "**total**",
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


def presets(figures: Figures) -> str:
    def value(preset: str, unit: str) -> float:
        return median(figures.samples(encoding.PART, unit, preset=preset))

    rows = [
        [
            f"`{preset}`",
            *spread(figures.samples(encoding.PART, "s", preset=preset)),
            f"{value(preset, 'bytes') / 1e3:.0f}",
            f"{value(preset, 'dB'):.1f}",
        ]
        for preset in encoding.PRESETS
    ]
    return (
        "x264's preset at a constant rate factor of 18, from the frames of the default request to "
        "a file, ffmpeg's start included. Quality is the same; a slower preset takes the engines' "
        "processor for longer and saves bytes. The quickest is the default, because a video takes "
        "long to make and few bytes to keep; `MP4_PRESET` chooses another.\n\n"
        + table(["", "median, s", "5 %", "95 %", "kB", "PSNR, dB"], rows)
    )
