"""Samples and their statistics."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

_RESAMPLES = 2000
_CONFIDENCE = 0.95

Labels = dict[str, str | int]


@dataclass(frozen=True)
class Measurement:
    part: str  # of the suite
    labels: Labels  # of the measured system and case
    unit: str  # of the samples
    samples: list[float]  # in the order of measuring

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str, str | int], ...]]:
        """Identify the same quantity in another result."""
        return self.part, self.unit, tuple(sorted(self.labels.items()))


@dataclass(frozen=True)
class Ratio:
    """A ratio with its 95 % confidence interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def percentile(samples: Sequence[float], percent: int) -> float:
    if len(samples) == 1:
        return samples[0]
    return quantiles(samples, n=100, method="inclusive")[percent - 1]


def paired_ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """Return the median ratio of samples from the same round.

    Raises:
        ValueError: the numbers of samples differ.
    """
    ratios = [one / other for one, other in zip(above, below, strict=True)]
    return _with_interval(lambda chance: median(chance.choices(ratios, k=len(ratios))), ratios)


def unpaired_ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    def resampled(chance: random.Random) -> float:
        return median(chance.choices(above, k=len(above))) / median(
            chance.choices(below, k=len(below))
        )

    return _with_interval(resampled, [median(above) / median(below)])


def _with_interval(resampled: Callable[[random.Random], float], ratios: Sequence[float]) -> Ratio:
    """B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979; percentile interval."""
    chance = random.Random(0)
    values = sorted(resampled(chance) for _ in range(_RESAMPLES))
    cut = round((1 - _CONFIDENCE) / 2 * _RESAMPLES)
    return Ratio(median(ratios), values[cut], values[-1 - cut])
