"""What the report says, computed from the measurements of all parts."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.measurement import Labels, Measurement, Ratio, paired_ratio
from benchmarks.result import find
from benchmarks.suite import engines, request, start, steps, throughput, together

PEERS = {
    "diffusers": "diffusers, eager",
    "torch.compile": "diffusers, torch.compile",
    "diffusers BF16": "diffusers, eager, BF16",
}


@dataclass(frozen=True)
class Fit:
    """Seconds of an engine as a constant and a rate."""

    constant: float  # s
    rate: float  # FLOP/s
    peak_share: float  # of the machine's measured rate in large products


@dataclass(frozen=True)
class Target:
    """What the service is to reach, and whether it does."""

    what: str
    bound: str
    measured: str
    met: bool


class Figures:
    """Questions to the measurements."""

    def __init__(self, measurements: Iterable[Measurement]) -> None:
        self._all = list(measurements)

    def labels(self, part: str, unit: str, **labels: str | int) -> list[Labels]:
        """Of all measurements of a part that have these labels, in the order of measuring."""
        return [
            each.labels
            for each in self._all
            if (each.part, each.unit) == (part, unit) and labels.items() <= each.labels.items()
        ]

    def samples(self, part: str, unit: str, **labels: str | int) -> list[float]:
        """Of the one measurement with these labels."""
        return find(self._all, part, unit, **labels)

    def stage(self, contender: str, stage: str) -> list[float]:
        """Seconds of a stage of the default request."""
        return self.samples(request.PART, "s", contender=contender, stage=stage)

    def against(self, peer: str) -> Ratio:
        """How many times as long a peer takes for the default request as the service."""
        return paired_ratio(self.stage(peer, request.TOTAL), self.stage("service", request.TOTAL))

    def beside_engines(self) -> float:
        """Share of the default request that is not in engines, as a median over the rounds."""
        shares = [
            1 - bare / whole
            for bare, whole in zip(
                self.stage("bare engines", request.TOTAL),
                self.stage("service", request.TOTAL),
                strict=True,
            )
        ]
        return median(shares)

    def step_overhead(self) -> float:
        """Seconds that a denoising step takes longer in the service than bare."""
        differences = [
            (served - bare) / request.STEPS
            for bare, served in zip(
                self.stage("bare engines", "denoise"), self.stage("service", "denoise"), strict=True
            )
        ]
        return median(differences)

    def load_ratio(self, clients: int) -> Ratio:
        """Videos a minute of the service over those of the peer at the same load."""
        ours, theirs = (
            self.samples(
                throughput.PART, "videos/min", server=server, load="closed", clients=clients
            )
            for server in ("service", "handwritten")
        )
        return paired_ratio(ours, theirs)

    def together(self, clients: int) -> Ratio:
        """Videos a minute of so many clients over those of one."""
        many, one = (
            self.samples(together.PART, "videos/min", clients=each) for each in (clients, 1)
        )
        return paired_ratio(many, one)

    def step_fit(self) -> tuple[float, float]:
        """Seconds of a request as a constant and those of each further step; least squares."""
        numbers = [int(each["steps"]) for each in self.labels(steps.PART, "s", what="request")]
        seconds = [
            median(self.samples(steps.PART, "s", what="request", steps=number))
            for number in numbers
        ]
        further, constant = np.polyfit(numbers, seconds, 1)
        return float(constant), float(further)

    def fit(self, engine: str) -> Fit:
        """Least squares over the sizes, relative to each size's seconds."""
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
        """Of a service on two cores with the demo checkpoint."""
        eager, compiled = self.against("diffusers"), self.against("torch.compile")
        beside, overhead = self.beside_engines(), self.step_overhead()
        load, four = self.load_ratio(4), self.together(4)
        ready = median(self.samples(start.PART, "s", what="ready"))
        memory = median(self.samples(start.PART, "bytes", process="frontend")) / 1e6
        return [
            Target("diffusers eager takes", "≥ 2 times as long", str(eager), eager.value >= 2),
            Target("torch.compile takes", "> 1 time as long", str(compiled), compiled.value > 1),
            Target("not in engines", "≤ 10 %", f"{beside:.1%}", beside <= 0.1),
            Target(
                "a step above the bare one",
                "≤ 2 ms",
                f"{overhead * 1e3:.1f} ms",
                overhead <= 2e-3,
            ),
            Target("4 clients, over the peer", "≥ 1.3 times", str(load), load.value >= 1.3),
            Target("4 clients, over one by one", "≥ 1 time", str(four), four.value >= 1),
            Target("`make serve` to ready", "≤ 8 s", f"{ready:.1f} s", ready <= 8),
            Target("memory of the frontend", "≤ 200 MB", f"{memory:.0f} MB", memory <= 200),
        ]
