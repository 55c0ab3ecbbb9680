"""The figures of the report, computed from the measurements of all parts."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.measurement import Labels, Measurement, Ratio, paired_ratio
from benchmarks.result import find
from benchmarks.suite import engines, request, start, steps, throughput, together

BASELINES = {
    "diffusers": "diffusers, eager",
    "torch.compile": "diffusers, torch.compile",
    "diffusers BF16": "diffusers, eager, BF16",
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

    def samples(self, part: str, unit: str, **labels: str | int) -> list[float]:
        return find(self._all, part, unit, **labels)

    def stage(self, system: str, stage: str) -> list[float]:
        return self.samples(request.PART, "s", system=system, stage=stage)

    def slowdown(self, baseline: str) -> Ratio:
        """Return the time of a baseline for the default request over the service's."""
        return paired_ratio(
            self.stage(baseline, request.TOTAL), self.stage("service", request.TOTAL)
        )

    def overhead(self) -> float:
        """Return the share of the default request outside the engines, a median over rounds."""
        shares = [
            1 - in_process / service
            for in_process, service in zip(
                self.stage("in-process engines", request.TOTAL),
                self.stage("service", request.TOTAL),
                strict=True,
            )
        ]
        return median(shares)

    def step_overhead(self) -> float:
        """Return the seconds that the service adds to a denoising step of the engines."""
        differences = [
            (service - in_process) / request.STEPS
            for in_process, service in zip(
                self.stage("in-process engines", "denoise"),
                self.stage("service", "denoise"),
                strict=True,
            )
        ]
        return median(differences)

    def load_ratio(self, clients: int) -> Ratio:
        """Return the throughput of the service over FastAPI + diffusers' at equal load."""
        ours, theirs = (
            self.samples(
                throughput.PART, "videos/min", server=server, load="closed", clients=clients
            )
            for server in ("service", "fastapi_diffusers")
        )
        return paired_ratio(ours, theirs)

    def together(self, clients: int) -> Ratio:
        many, one = (
            self.samples(together.PART, "videos/min", clients=each) for each in (clients, 1)
        )
        return paired_ratio(many, one)

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
        """Evaluate the targets on two cores with the demo checkpoint."""
        eager, compiled = self.slowdown("diffusers"), self.slowdown("torch.compile")
        overhead, step_overhead = self.overhead(), self.step_overhead()
        load, four = self.load_ratio(4), self.together(4)
        ready = median(self.samples(start.PART, "s", what="ready"))
        memory = median(self.samples(start.PART, "bytes", process="frontend")) / 1e6
        return [
            Target("diffusers, eager: time", "≥ 2 x", str(eager), eager.value >= 2),
            Target("torch.compile: time", "> 1 x", str(compiled), compiled.value > 1),
            Target("outside the engines", "≤ 10 %", f"{overhead:.1%}", overhead <= 0.1),
            Target(
                "overhead per denoising step",
                "≤ 2 ms",
                f"{step_overhead * 1e3:.1f} ms",
                step_overhead <= 2e-3,
            ),
            Target(
                "4 clients, throughput over FastAPI + diffusers",
                "≥ 1.3 x",
                str(load),
                load.value >= 1.3,
            ),
            Target("4 clients, throughput over one client", "≥ 1 x", str(four), four.value >= 1),
            Target("`make serve` to ready", "≤ 8 s", f"{ready:.1f} s", ready <= 8),
            Target("frontend memory", "≤ 200 MB", f"{memory:.0f} MB", memory <= 200),
        ]
