"""Plots of the report."""

from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.measurement import percentile
from benchmarks.report.figures import BASELINES, Figures
from benchmarks.suite import grid, request, throughput

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
        "stages": stages(figures),
        "baselines": baselines(figures),
        "latency": latency(figures),
        "throughput": throughput_against_clients(figures),
    }
    for name, figure in plots.items():
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")


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


def baselines(figures: Figures) -> Figure:
    figure = Figure(figsize=(8, 1.8))
    axes = figure.subplots()
    for row, baseline in enumerate(BASELINES):
        ratio = figures.slowdown(baseline)
        errors = [[ratio.value - ratio.low], [ratio.high - ratio.value]]
        axes.barh(row, ratio.value, xerr=errors, color=_COLOURS[row])
    axes.axvline(1, color="#868e96", linestyle="--")
    axes.set_yticks(range(len(BASELINES)), list(BASELINES.values()))
    axes.invert_yaxis()
    axes.set_xlabel("time of the default request over the service's")
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
    for colour, server in zip(_COLOURS, ("service", "fastapi_diffusers"), strict=False):
        there = figures.labels(throughput.PART, "videos/min", server=server, load="closed")
        clients = [int(each["clients"]) for each in there]
        rates = [median(figures.samples(throughput.PART, "videos/min", **each)) for each in there]
        slowest = [
            percentile(figures.samples(throughput.PART, "s", what="request", **each), 95)
            for each in there
        ]
        name = "service" if server == "service" else "FastAPI + diffusers"
        left.plot(clients, rates, "o-", color=colour, label=name)
        right.plot(clients, slowest, "o-", color=colour, label=name)
    for axes, label in ((left, "videos/min"), (right, "95th percentile of the latency, s")):
        axes.set_xlabel("clients")
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    left.legend(frameon=False)
    return figure
