"""Plots of the report."""

from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.measurement import percentile
from benchmarks.report.figures import MOMENTS, PEERS, SERVERS, Figures
from benchmarks.suite import grid, large, request, throughput
from benchmarks.suite.contenders import IN_PROCESS, TOTAL

# Readable on light and dark pages; reproducible, byte for byte.
mpl.rcParams.update(
    {
        "svg.hashsalt": "ltx",
        "svg.fonttype": "none",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
_COLOURS = ("#3b5bdb", "#f08c00", "#2b8a3e", "#868e96", "#c2255c", "#0c8599")


def draw(figures: Figures, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    plots = {
        "stages": (request.PART, stages),
        "peers": (request.PART, peers),
        "memory": (large.PART, memory),
        "large": (large.PART, large_request),
        "latency": (grid.PART, latency),
        "throughput": (throughput.PART, throughput_against_clients),
    }
    for name, (part, plot) in plots.items():
        if not figures.has(part):
            continue
        plot(figures).savefig(folder / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")


def stages(figures: Figures) -> Figure:
    figure = Figure(figsize=(8, 2.8))
    axes = figure.subplots()
    names = ("queue", "text", "denoise", "decode", "mp4", "http")
    systems = ("service", "Triton", "in-process engines")
    for row, system in enumerate(systems):
        left = 0.0
        there = {each["stage"] for each in figures.labels(request.PART, "s", system=system)}
        for colour, name in zip(_COLOURS, names, strict=True):
            if name in there:
                seconds = median(figures.stage(system, name))
                label = name if row == 0 else None
                axes.barh(row, seconds, left=left, color=colour, label=label)
                left += seconds
    axes.set_yticks(range(len(systems)), systems)
    axes.invert_yaxis()
    axes.set_xlabel("seconds, medians")
    axes.legend(ncols=len(names), loc="upper center", bbox_to_anchor=(0.5, 1.25), frameon=False)
    return figure


def peers(figures: Figures) -> Figure:
    return _slowdowns(figures, request.PART, "time of the default request over the service's")


def large_request(figures: Figures) -> Figure:
    return _slowdowns(figures, large.PART, "time of the large request over the service's")


def _slowdowns(figures: Figures, part: str, label: str) -> Figure:
    there = figures.peers(part)
    figure = Figure(figsize=(8, 0.6 + 0.4 * len(there)))
    axes = figure.subplots()
    for row, peer in enumerate(there):
        ratio = figures.slowdown(peer, part)
        errors = [[ratio.value - ratio.low], [ratio.high - ratio.value]]
        axes.barh(row, ratio.value, xerr=errors, color=_COLOURS[row])
    axes.axvline(1, color="#868e96", linestyle="--")
    axes.set_yticks(range(len(there)), [PEERS[peer].name for peer in there])
    axes.invert_yaxis()
    axes.set_xlabel(label)
    return figure


def memory(figures: Figures) -> Figure:
    names = {"service": "this service", IN_PROCESS: "its engines in one process"}
    names |= {peer: PEERS[peer].name for peer in figures.peers(large.PART, TOTAL)}
    figure = Figure(figsize=(8, 0.6 + 0.6 * len(names)))
    axes = figure.subplots()
    for number, (what, label) in enumerate(MOMENTS.items()):
        rows = [row + 0.27 * (number - 1) for row in range(len(names))]
        gigabytes = [figures.peak_bytes(system, what) / 1e9 for system in names]
        axes.barh(rows, gigabytes, height=0.25, color=_COLOURS[number], label=label)
    axes.set_yticks(range(len(names)), list(names.values()))
    axes.invert_yaxis()
    axes.set_xlabel("GB, all processes")
    axes.legend(frameon=False)
    return figure


def latency(figures: Figures) -> Figure:
    figure = Figure(figsize=(8, 4))
    axes = figure.subplots()
    there = figures.labels(grid.PART, "s", stage="total")
    for colour, side in zip(
        _COLOURS, sorted({int(each["resolution"]) for each in there}), strict=False
    ):
        points = sorted(
            (
                int(each["duration"]) * int(each["fps"]),
                median(figures.samples(grid.PART, "s", **each)),
            )
            for each in there
            if each["resolution"] == side
        )
        axes.plot(*zip(*points, strict=True), "o-", color=colour, label=f"{side} x {side}")
    axes.set_xlabel("frames")
    axes.set_ylabel("seconds from POST to MP4, medians")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def throughput_against_clients(figures: Figures) -> Figure:
    figure = Figure(figsize=(8, 3.4))
    left, right = figure.subplots(1, 2)
    for colour, server in zip(_COLOURS, ("service", figures.peer_server()), strict=False):
        there = figures.labels(throughput.PART, "videos/min", server=server, load="closed")
        clients = [int(each["clients"]) for each in there]
        rates = [median(figures.samples(throughput.PART, "videos/min", **each)) for each in there]
        slowest = [
            percentile(figures.samples(throughput.PART, "s", what="request", **each), 95)
            for each in there
        ]
        name = SERVERS.get(server, server)
        left.plot(clients, rates, "o-", color=colour, label=name)
        right.plot(clients, slowest, "o-", color=colour, label=name)
    for axes, label in ((left, "videos/min"), (right, "95th percentile of the latency, s")):
        axes.set_xlabel("clients")
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    left.legend(frameon=False)
    return figure
