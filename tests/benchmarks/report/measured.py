"""A complete run of the suite, in round figures."""

from itertools import product

from benchmarks.machine import Machine
from benchmarks.measurement import Labels, Measurement
from benchmarks.result import Result
from benchmarks.suite.text_projections import SIZES, TIMED, TOKENS

_TOTALS = {
    "service": 2.0,
    "Triton": 1.7,
    "in-process engines": 1.5,
    "diffusers": 6.0,
    "torch.compile BF16": 3.0,
    "diffusers BF16": 4.0,
    "optimum-intel static": 3.2,
    "optimum-intel dynamic": 2.6,
    "OpenVINO GenAI": 2.4,
}
_OURS = ("service", "Triton", "in-process engines")
_ENGINES = {"text_encoder": 1e9, "transformer": 1e10, "vae_decoder": 1e11}
_PEAK = 2e11


def results() -> list[Result]:
    machine = Machine(
        "EPYC", 2, 2**34, "Linux", "3.11", {"torch": "2"}, "abc", "2026-01-01T00:00:00+00:00"
    )
    return [Result(machine, "python -m benchmarks run", measurements())]


def measurements() -> list[Measurement]:
    found: list[Measurement] = []

    def add(part: str, unit: str, value: float, **labels: str | int) -> None:
        found.append(Measurement(part, labels, unit, [value * each for each in (1, 0.9, 1.2)]))

    def add_one(part: str, unit: str, value: float, **labels: str | int) -> None:
        found.append(Measurement(part, labels, unit, [value]))

    for system, total in _TOTALS.items():
        add("request", "s", total, system=system, stage="total")
        stages = (
            {"text": 0.1, "denoise": 0.5, "decode": 0.2} if system in _OURS else {"frames": 0.9}
        )
        for stage, share in (stages | {"mp4": 0.1}).items():
            add("request", "s", total * share, system=system, stage=stage)
        found.append(Measurement("request", {"system": system}, "thrown away", [0.0, 2.0, 0.0]))
        found.append(Measurement("request", {"system": system}, "disturbed", [0.0, 0.0, 1.0]))
        if system != "Triton":
            add("large", "s", 10 * total, system=system, stage="total")
            for what, held in (("default", 0.5e9), ("large", 2e9), ("after large", 1e9)):
                add("large", "bytes", held, system=system, what=what)
            for unit in ("thrown away", "disturbed"):
                add("large", unit, 0.0, system=system, what="large")
        if system not in ("service", "diffusers"):
            stage = "total" if system in _OURS else "frames"
            add("rectangles", "s", total, system=system, stage=stage, width=512, height=288)
    add("request", "s", 0.01, system="service", stage="queue")
    add("request", "s", 0.02, system="service", stage="http")
    for clients in (1, 4):
        closed: Labels = {"load": "closed", "clients": clients}
        for server, rate in (("service", 30), ("fastapi_optimum", 20)):
            add("throughput", "videos/min", rate * clients**0.5, server=server, **closed)
            add("throughput", "s", 2.0 * clients, server=server, **closed, what="request")
        add("throughput", "s", 0.5 * clients, server="service", **closed, what="wait")
        add("throughput", "videos a step", clients**0.5, server="service", **closed)
        add("together", "videos/min", 10.0 * clients**0.5, clients=clients)
    opened: Labels = {"server": "service", "load": "open", "percent": 90}
    add("throughput", "videos/min", 50, **opened)
    add("throughput", "refused", 0, **opened)
    add("throughput", "s", 3.0, **opened, what="request")
    flood: Labels = {"server": "service", "load": "flood", "percent": 300, "room": 4}
    add("throughput", "videos/min", 50, **flood)
    add("throughput", "refused", 10, **flood)
    add("throughput", "s", 4.0, **flood, what="request")
    add("throughput", "s", 0.02, **flood, what="refusal")
    for quoted, error in (("alone", 1.1), ("alone, new size", 0.6), ("queue", 1.3)):
        add("quotes", "s", 2.0, load=quoted, precision="bf16", what="took")
        add("quotes", "s", 2.0 * error, load=quoted, precision="bf16", what="quoted")
    for steps in (1, 2, 4):
        add("steps", "s", 1.0 + 0.5 * steps, steps=steps, what="request")
        add("steps", "s", 0.5, steps=steps, what="step")
    for preset in ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium"):
        for unit, value in (("s", 0.1), ("bytes", 2e5), ("dB", 44.0)):
            add("encoding", unit, value, preset=preset)
    for what in ("ready", "first request", "second request"):
        add("start", "s", 4.0, what=what)
    add("start", "bytes", 1.5e8, process="frontend")
    for step in ("download", "install", "first demo", "second demo"):
        add("install", "s", 10.0, step=step)
    for what in ("wheel", "downloads", "kept for the user"):
        add("install", "bytes", 1e7, what=what)
    for number in range(10):
        add("install", "bytes", (10 - number) * 1e7, package=f"package {number}")
    for stage in ("total", "denoise", "decode", "mp4"):
        add("grid", "s", 2.5, resolution=512, duration=3, fps=8, stage=stage)
    add("engines", "flop/s", _PEAK, what="peak", precision="bf16")
    for engine, operations in _ENGINES.items():
        for side, factor in ((256, 1), (512, 4)):
            size: Labels = {"engine": engine, "side": side, "frames": 25}
            seconds = 0.01 + factor * operations / (_PEAK / 2)
            add("engines", "s", seconds, **size, batch=1, cores=2)
            found.append(Measurement("engines", size, "flop", [factor * operations]))
    for model in ("demo", "2B", "13B"):
        for pixels, tokens in product(SIZES, TOKENS):
            case: Labels = {"model": model, "size": pixels, "tokens": tokens}
            add_one("text_projections", "flop", 1e12, **case, what="projections")
            add_one("text_projections", "flop", 19e12, **case, what="others")
        for what, count in (("projections", 1e9), ("others", 9e9)):
            add_one("text_projections", "parameters", count, model=model, what=what)
        for way, count in (("every step", 1e3), ("once", 1e5)):
            add_one("text_projections", "values/token", count, model=model, way=way)
    for pixels, tokens in product(TIMED, TOKENS):
        for way, seconds in (("every step", 1.05), ("once", 1.0)):
            case = {"precision": "bf16", "size": pixels, "tokens": tokens, "way": way}
            add("text_projections", "s", seconds, **case)
    add("text_projections", "bytes/s", 1e10, what="copy")
    add("deployment", "videos/min", 40, workers=2, instances=1)
    add("deployment", "bytes", 1e9, workers=2, instances=1)
    return found
