"""What a video costs: seconds by stage, from the videos that this service has made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ltx_triton.contract import Stage

_LEAST = 1e-3  # seconds, the resolution of what is stored

Powers = tuple[int, ...]  # of the size, as the terms of a polynomial
# Tried in this order, so what fits as well as an earlier one is not taken.
_LINEAR: tuple[Powers, ...] = ((1,), (0, 1), (0,))
_QUADRATIC: tuple[Powers, ...] = (*_LINEAR, (1, 2), (0, 2), (0, 1, 2), (2,))  # attention


@dataclass(frozen=True, order=True)
class Size:
    tokens: int  # latent frames x rows x columns
    steps: int


@dataclass(frozen=True)
class Cost:
    """Seconds of a video that is made alone."""

    text: float  # with all that comes before it
    step: float
    steps: int
    decode: float
    mp4: float

    @property
    def stages(self) -> dict[Stage, float]:
        return {
            Stage.TEXT: self.text,
            Stage.DENOISE: self.step * self.steps,
            Stage.DECODE: self.decode,
            Stage.MP4: self.mp4,
        }

    @property
    def total(self) -> float:
        return sum(self.stages.values())


@dataclass(frozen=True)
class Measured:
    """A video that was made."""

    size: Size
    began: float  # seconds since the epoch
    ended: float
    stages: Mapping[str, float]  # seconds

    def cost(self, slowdown: float) -> Cost:
        """Return what it would have cost alone."""
        denoise, decode, mp4 = (
            self.stages.get(stage, 0.0) / slowdown
            for stage in (Stage.DENOISE, Stage.DECODE, Stage.MP4)
        )
        text = (self.ended - self.began) / slowdown - denoise - decode - mp4
        return Cost(max(0.0, text), denoise / self.size.steps, self.size.steps, decode, mp4)


class CostModel:
    """The recent costs of sizes that were made, and a fit through them for all others."""

    def __init__(self, costs: Mapping[Size, Cost]) -> None:
        """Fit to the costs of at least one size."""
        self._costs = costs
        tokens = [size.tokens for size in costs]

        def fit(seconds: Callable[[Cost], float], terms: Sequence[Powers]) -> "_Fit":
            return _Fit.through(tokens, [seconds(cost) for cost in costs.values()], terms)

        self._text = median(cost.text for cost in costs.values())
        self._step = fit(lambda cost: cost.step, _QUADRATIC)
        self._decode = fit(lambda cost: cost.decode, _LINEAR)
        self._mp4 = fit(lambda cost: cost.mp4, _LINEAR)

    def cost(self, size: Size) -> Cost:
        if known := self._costs.get(size):
            return known
        tokens = size.tokens
        return Cost(
            self._text,
            self._step.at(tokens),
            size.steps,
            self._decode.at(tokens),
            self._mp4.at(tokens),
        )


@dataclass(frozen=True)
class _Fit:
    """A polynomial with coefficients that are not negative."""

    powers: Powers
    coefficients: NDArray[np.float64]

    @classmethod
    def through(
        cls, sizes: Sequence[int], seconds: Sequence[float], terms: Iterable[Powers]
    ) -> "_Fit":
        """Minimise the relative errors, with no more terms than there are different sizes.

        The best fit among those whose coefficients all come out positive is the non-negative one:
        its other coefficients are zero.
        """
        known = len(set(sizes))
        x = np.array(sizes, dtype=np.float64)
        y = np.maximum(_LEAST, seconds)
        best, best_error = cls((0,), np.array([median(y)])), np.inf
        for powers in terms:
            if len(powers) > known:
                continue
            design = np.stack([x**power / y for power in powers], axis=1)
            scale = np.abs(design).max(axis=0)
            found = np.linalg.lstsq(design / scale, np.ones_like(y), rcond=None)[0] / scale
            error = float(np.square(design @ found - 1).sum())
            # What fits as well with more terms, or in another way, says no more.
            if (found >= 0).all() and error < best_error - 1e-9:
                best, best_error = cls(powers, found), error
        return best

    def at(self, size: int) -> float:
        return float(np.dot(self.coefficients, [float(size) ** each for each in self.powers]))
