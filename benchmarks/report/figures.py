"""The figures of the report, computed from the measurements of all parts."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.measurement import Labels, Measurement, Ratio, paired_ratio, percentile
from benchmarks.result import find
from benchmarks.suite import (
    engines,
    install,
    large,
    quotes,
    request,
    start,
    steps,
    throughput,
    together,
)
from benchmarks.suite.contenders import FRAMES, IN_PROCESS, TOTAL

GENAI = "OpenVINO GenAI"


@dataclass(frozen=True)
class Peer:
    name: str
    differs: str  # what it cannot do or does differently


_IN_PYTORCH = "pads text to 256 tokens"
_COMPILED = f"{_IN_PYTORCH}; compiles anew for a size, which takes minutes; needs a C compiler"
_IN_OPENVINO = (
    "pads text to 128 tokens; sigmas evenly spaced, not the checkpoint's; a timestep for each "
    "token; the decoder's timestep is an integer, 0 for 0.05, so the frames are not quite the "
    "model's; converted without the VAE's encoder, whose export fails"
)
PEERS = {
    "diffusers": Peer("diffusers, eager, FP32", _IN_PYTORCH),
    "diffusers BF16": Peer("diffusers, eager, BF16", _IN_PYTORCH),
    "torch.compile": Peer("diffusers, torch.compile, FP32", _COMPILED),
    "torch.compile BF16": Peer("diffusers, torch.compile, BF16", _COMPILED),
    "optimum-intel static": Peer(
        "optimum-intel, static shapes",
        f"{_IN_OPENVINO}; one size; its own `reshape` fails without guidance, so the models were "
        "reshaped directly",
    ),
    "optimum-intel dynamic": Peer("optimum-intel, dynamic shapes (its default)", _IN_OPENVINO),
    GENAI: Peer(
        "OpenVINO GenAI",
        "cannot run this checkpoint: its decoder has no timestep, so the weights for it were "
        "dropped and the frames are noise, which is costlier to encode; compare frames only; the "
        "compression in the configuration was changed, else 9 frames of half the size come out",
    ),
}
SERVERS = {
    "fastapi_optimum": "FastAPI + optimum-intel",
}
_TARGETS = {  # times of the default request over the service's
    "optimum-intel static": 1.4,
    "optimum-intel dynamic": 1.4,
    "diffusers BF16": 2.2,
    "torch.compile BF16": 2,
}
MOMENTS = {  # of a process that makes default videos, then a large one
    "default": "default request",
    "large": "large request",
    "after large": "held after it",
}


@dataclass(frozen=True)
class Fit:
    """Seconds of an engine as a constant and a rate, by least squares."""

    constant: float  # s
    rate: float  # FLOP/s
    peak_share: float  # of the measured peak rate


@dataclass(frozen=True)
class Target:
    name: str
    bound: str
    measured: str
    met: bool


class Figures:
    def __init__(self, measurements: Iterable[Measurement]) -> None:
        self._all = list(measurements)

    def labels(self, part: str, unit: str, **labels: str | int) -> list[Labels]:
        return [
            each.labels
            for each in self._all
            if (each.part, each.unit) == (part, unit) and labels.items() <= each.labels.items()
        ]

    def has(self, part: str) -> bool:
        return any(each.part == part for each in self._all)

    def peers(self, part: str = request.PART, stage: str = TOTAL) -> list[str]:
        """Return the peers that were measured, in the order of the report."""
        there = {each["system"] for each in self.labels(part, "s", stage=stage)}
        return [peer for peer in PEERS if peer in there]

    def strongest(self, part: str = request.PART) -> str:
        """Return the peer with the shortest time that runs the checkpoint as it is."""
        return min(
            (peer for peer in self.peers(part) if peer != GENAI),
            key=lambda peer: median(self.samples(part, "s", system=peer, stage=TOTAL)),
        )

    def samples(self, part: str, unit: str, **labels: str | int) -> list[float]:
        return find(self._all, part, unit, **labels)

    def stage(self, system: str, stage: str) -> list[float]:
        return self.samples(request.PART, "s", system=system, stage=stage)

    def slowdown(self, peer: str, part: str = request.PART) -> Ratio:
        """Return the time of a peer for the default or the large request over the service's."""
        theirs, ours = (
            self.samples(part, "s", system=system, stage=TOTAL) for system in (peer, "service")
        )
        return paired_ratio(theirs, ours)

    def frames_slowdown(self, peer: str) -> Ratio:
        """Return the time of a peer's frames, without MP4, over the bare engines'."""
        return paired_ratio(self.stage(peer, FRAMES), self.stage(IN_PROCESS, TOTAL))

    def thrown_away(self, part: str) -> tuple[int, int, int]:
        """Return how many samples were thrown away, kept though disturbed, and kept in all."""
        thrown, disturbed = (
            [
                sample
                for each in self.labels(part, unit)
                for sample in self.samples(part, unit, **each)
            ]
            for unit in ("thrown away", "disturbed")
        )
        return int(sum(thrown)), int(sum(disturbed)), len(disturbed)

    def peak_bytes(self, system: str, what: str) -> float:
        return median(self.samples(large.PART, "bytes", system=system, what=what))

    def package_bytes(self) -> dict[str, float]:
        """Return the size of each package that serving needs, the largest first."""
        sizes = {
            str(each["package"]): self.samples(install.PART, "bytes", **each)[0]
            for each in self.labels(install.PART, "bytes")
            if "package" in each
        }
        return dict(sorted(sizes.items(), key=lambda item: -item[1]))

    def overhead(self) -> float:
        """Return the share of the default request outside the engines, a median over rounds."""
        shares = [
            1 - in_process / service
            for in_process, service in zip(
                self.stage(IN_PROCESS, TOTAL),
                self.stage("service", TOTAL),
                strict=True,
            )
        ]
        return median(shares)

    def step_overhead(self) -> float:
        """Return the seconds that the service adds to a denoising step of the engines."""
        differences = [
            (service - in_process) / request.STEPS
            for in_process, service in zip(
                self.stage(IN_PROCESS, "denoise"),
                self.stage("service", "denoise"),
                strict=True,
            )
        ]
        return median(differences)

    def load_ratio(self, clients: int) -> Ratio:
        """Return the throughput of the service over the hand-written server's at equal load."""
        ours, theirs = (
            self.samples(
                throughput.PART, "videos/min", server=server, load="closed", clients=clients
            )
            for server in ("service", self.peer_server())
        )
        return paired_ratio(ours, theirs)

    def peer_server(self) -> str:
        there = {each["server"] for each in self.labels(throughput.PART, "videos/min")}
        return next(server for server in SERVERS if server in there)

    def together(self, clients: int) -> Ratio:
        many, one = (
            self.samples(together.PART, "videos/min", clients=each) for each in (clients, 1)
        )
        return paired_ratio(many, one)

    def quote_errors(self, load: str) -> list[float]:
        """Return the relative errors of quoted times."""
        quoted, took = (
            self.samples(quotes.PART, "s", load=load, what=what) for what in ("quoted", "took")
        )
        return [abs(each / true - 1) for each, true in zip(quoted, took, strict=True)]

    def step_fit(self) -> tuple[float, float]:
        """Fit the seconds of a request as a constant and a slope per step, by least squares."""
        numbers = [int(each["steps"]) for each in self.labels(steps.PART, "s", what="request")]
        seconds = [
            median(self.samples(steps.PART, "s", what="request", steps=number))
            for number in numbers
        ]
        slope, constant = np.polyfit(numbers, seconds, 1)
        return float(constant), float(slope)

    def fit(self, engine: str) -> Fit:
        """Fit over the sizes, minimising relative errors."""
        cores = max(int(each["cores"]) for each in self.labels(engines.PART, "s", engine=engine))
        sizes = self.labels(engines.PART, "s", engine=engine, batch=1, cores=cores)
        seconds = np.array([median(self.samples(engines.PART, "s", **each)) for each in sizes])
        operations = np.array(
            [
                self.samples(
                    engines.PART, "flop", engine=engine, side=each["side"], frames=each["frames"]
                )[0]
                for each in sizes
            ]
        )
        design = np.stack([np.ones_like(operations), operations], axis=1) / seconds[:, None]
        constant, slope = np.linalg.lstsq(design, np.ones_like(seconds), rcond=None)[0]
        peak = median(self.samples(engines.PART, "flop/s", what="peak"))
        return Fit(float(constant), float(1 / slope), float(1 / slope / peak))

    def targets(self) -> list[Target]:
        """Evaluate the targets on two cores with the demo checkpoint, where measured."""
        found = []

        def at_least(name: str, limit: float, ratio: Ratio) -> None:
            met = ratio.value >= limit
            found.append(Target(name, f"≥ {limit:g} x", str(ratio), met))

        def at_most(name: str, limit: float, unit: str, digits: int, value: float) -> None:
            measured = f"{value:.{digits}f} {unit}"
            found.append(Target(name, f"≤ {limit:g} {unit}", measured, value <= limit))

        if self.has(request.PART):
            for peer in self.peers():
                if peer in _TARGETS:
                    at_least(f"{PEERS[peer].name}: time", _TARGETS[peer], self.slowdown(peer))
            if GENAI in self.peers():
                at_least(f"{PEERS[GENAI].name}: frames", 1.2, self.frames_slowdown(GENAI))
            at_most("outside the engines", 8, "%", 1, 100 * self.overhead())
            at_most("overhead per denoising step", 1, "ms", 1, 1e3 * self.step_overhead())
        if self.has(large.PART):
            peer = "optimum-intel static"
            at_least(f"large request, {PEERS[peer].name}", 1.2, self.slowdown(peer, large.PART))
            for what, limit in (("default", 0.7), ("large", 1.5), ("after large", 0.8)):
                gigabytes = self.peak_bytes("service", what) / 1e9
                at_most(f"memory of all processes, {MOMENTS[what]}", limit, "GB", 2, gigabytes)
        if self.has(throughput.PART):
            name = f"4 clients, throughput over {SERVERS[self.peer_server()]}"
            at_least(name, 1.5, self.load_ratio(4))
        if self.has(together.PART):
            at_least("4 clients, throughput over one client", 1, self.together(4))
        if self.has(quotes.PART):
            errors = [100 * each for each in self.quote_errors("alone")]
            at_most("quoted time, median error", 15, "%", 0, median(errors))
            at_most("quoted time, 95 % of errors", 30, "%", 0, percentile(errors, 95))
        if self.has(start.PART):
            ready = median(self.samples(start.PART, "s", what="ready"))
            at_most("`make serve` to ready", 2.5, "s", 1, ready)
            memory = median(self.samples(start.PART, "bytes", process="frontend")) / 1e6
            at_most("frontend memory", 200, "MB", 0, memory)
        if self.has(install.PART):
            size = sum(self.package_bytes().values()) / 1e6
            at_most("serving environment", 700, "MB", 0, size)
        return found
