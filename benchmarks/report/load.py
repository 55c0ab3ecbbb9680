"""Sections on load: closed loop, open loop, flood and more processes."""

from statistics import median

from benchmarks.measurement import Labels, percentile
from benchmarks.report.figures import SERVERS, Figures
from benchmarks.report.markdown import table
from benchmarks.suite import deployment, quotes, throughput, together


def closed_loop(figures: Figures) -> str:
    server = figures.peer_server()
    rows = []
    for each in figures.labels(throughput.PART, "videos/min", server="service", load="closed"):
        clients = int(each["clients"])
        labels: Labels = {"server": "service", "load": "closed", "clients": clients}
        latency = figures.samples(throughput.PART, "s", what="request", **labels)
        wait = figures.samples(throughput.PART, "s", what="wait", **labels)
        batch = figures.samples(throughput.PART, "videos a step", **labels)
        baseline = figures.samples(throughput.PART, "videos/min", **labels | {"server": server})
        rows.append(
            [
                str(clients),
                f"{median(figures.samples(throughput.PART, 'videos/min', **labels)):.1f}",
                f"{median(baseline):.1f}",
                str(figures.load_ratio(clients)),
                f"{median(latency):.1f}",
                f"{percentile(latency, 95):.1f}",
                f"{max(latency) / median(latency):.2f}",
                f"{median(wait):.1f}",
                f"{median(batch):.2f}",
            ]
        )
    heads = ["clients", "videos/min", "baseline", "ratio", "latency, s", "95 %", "max / median"]
    return (
        "Each client requests its next default video once it has the previous one. The baseline is "
        f"a hand-written server, {SERVERS[server]}, with one lock. *Batch* is the "
        "mean number of videos in one call of the transformer.\n\n"
        + table([*heads, "queue, s", "batch"], rows)
        + "\n\n![Throughput by number of clients](performance/throughput.svg)"
    )


def four_and_one(figures: Figures) -> str:
    return (
        f"Four clients and one, interleaved: {_rate(figures, 4)} and {_rate(figures, 1)} videos "
        f"per minute, a ratio of {figures.together(4)}."
    )


def _rate(figures: Figures, clients: int) -> str:
    return f"{median(figures.samples(together.PART, 'videos/min', clients=clients)):.1f}"


def open_loop(figures: Figures) -> str:
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
        "Requests arrive independently (a Poisson process), at a share of the throughput of four "
        "clients. Above saturation the queue grows, first in, first out, up to `MAX_QUEUED_JOBS`; "
        "further requests get a 503.\n\n"
        + table(["rate", "videos/min", "latency, s", "95 %", "max", "refused"], rows)
    )


def flood(figures: Figures) -> str:
    [each] = figures.labels(throughput.PART, "videos/min", load="flood")
    labels: Labels = {"load": "flood", "percent": each["percent"]}
    refused = sum(figures.samples(throughput.PART, "refused", **each))
    refusals = figures.samples(throughput.PART, "s", what="refusal", **labels)
    accepted = figures.samples(throughput.PART, "s", what="request", **labels)
    rate = median(figures.samples(throughput.PART, "videos/min", **each))
    return (
        f"At {each['percent']} % with `MAX_QUEUED_JOBS={each['room']}`, {refused:.0f} of "
        f"{refused + len(accepted):.0f} requests were refused, within "
        f"{1e3 * max(refusals):.0f} ms at most; the others took {median(accepted):.1f} s (median) "
        f"and {max(accepted):.1f} s (maximum), at {rate:.1f} videos per minute."
    )


def quoted_times(figures: Figures) -> str:
    [precision] = {str(each["precision"]) for each in figures.labels(quotes.PART, "s")}
    rows = []
    for load in quotes.LOADS:
        errors = figures.quote_errors(load)
        took = figures.samples(quotes.PART, "s", load=load, what="took")
        rows.append(
            [
                load,
                f"{len(errors)}",
                f"{min(took):.1f} to {max(took):.1f}",
                f"{100 * median(errors):.0f} %",
                f"{100 * percentile(errors, 95):.0f} %",
            ]
        )
    return (
        f"Measured in {precision.upper()}: "
        "`eta_seconds` in the answer to a request, against the seconds until its video was there: "
        "*alone*, while nothing else is made, of sizes that were made before and of others; and in "
        "a *queue* of requests that come at once, where most wait and those that run share the "
        "engines.\n\n" + table(["", "videos", "took, s", "median error", "95 %"], rows)
    )


def processes(figures: Figures) -> str:
    rows = [
        [
            f"{each['workers']}",
            f"{each['instances']}",
            f"{median(figures.samples(deployment.PART, 'videos/min', **each)):.1f}",
            f"{median(figures.samples(deployment.PART, 'bytes', **each)) / 1e6:.0f}",
        ]
        for each in figures.labels(deployment.PART, "videos/min")
    ]
    heads = ["API workers", "instances of each engine", "videos/min", "total MB"]
    return "Four clients, default requests:\n\n" + table(heads, rows)
