"""Estimate the seconds of a video by stage, from the videos that this service has made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ltx_triton.contract import Stage

_LEAST = 1e-3  # seconds, the resolution of what is stored

Powers = tuple[int, ...]  # of the number of tokens, as the terms of a polynomial
_LINEAR: tuple[Powers, ...] = ((1,), (0, 1))
_QUADRATIC: tuple[Powers, ...] = (*_LINEAR, (1, 2))  # attention compares each token with each


@dataclass(frozen=True)
class Size:
    tokens: int  # latent frames x rows x columns
    steps: int
    texts: int = 1  # that the latents are denoised with at each step: 2 with guidance


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

    def of(self, size: Size) -> "Cost":
        """Return the cost of a video of as many tokens; this is one with a single text."""
        return replace(self, step=self.step * size.texts, steps=size.steps)


@dataclass(frozen=True)
class Measured:
    """A video that was made."""

    size: Size
    began: float  # seconds since the epoch
    ended: float
    stages: Mapping[str, float]  # seconds
    is_new_prompt: bool = True  # none before it had the same, so that no embeddings were kept

    def cost(self, slowdown: float) -> Cost:
        """Return what it would have cost alone, with a single text."""
        denoise, decode, mp4 = (
            self.stages.get(stage, 0.0) / slowdown
            for stage in (Stage.DENOISE, Stage.DECODE, Stage.MP4)
        )
        text = (self.ended - self.began) / slowdown - denoise - decode - mp4
        step = denoise / (self.size.steps * self.size.texts)
        return Cost(max(0.0, text), step, self.size.steps, decode, mp4)


class CostModel:
    """The costs of sizes that were made, and fits through them for all others."""

    def __init__(self, costs: Mapping[int, Cost]) -> None:
        """Take costs with a single text by number of tokens, at least one."""
        self._costs = costs
        tokens = list(costs)

        def fit(seconds: Callable[[Cost], float], choices: Sequence[Powers]) -> _Fit:
            return _Fit.through(tokens, [seconds(cost) for cost in costs.values()], choices)

        self._text = median(cost.text for cost in costs.values())
        self._step = fit(lambda cost: cost.step, _QUADRATIC)
        self._decode = fit(lambda cost: cost.decode, _LINEAR)
        self._mp4 = fit(lambda cost: cost.mp4, _LINEAR)

    def cost(self, size: Size) -> Cost:
        tokens = size.tokens
        cost = self._costs.get(tokens) or Cost(
            text=self._text,
            step=self._step.at(tokens),
            steps=size.steps,
            decode=self._decode.at(tokens),
            mp4=self._mp4.at(tokens),
        )
        return cost.of(size)


@dataclass(frozen=True)
class _Fit:
    """A polynomial without negative coefficients: it grows with the size."""

    powers: Powers
    coefficients: NDArray[np.float64]

    @classmethod
    def through(
        cls, sizes: Sequence[int], seconds: Sequence[float], choices: Iterable[Powers]
    ) -> "_Fit":
        """Choose the one with the least relative errors.

        Through a single size only the proportional one goes, and sizes that do not grow in cost
        are taken for proportional, too.
        """
        x = np.array(sizes, dtype=np.float64)
        y = np.maximum(_LEAST, seconds)
        fits: list[tuple[float, _Fit]] = []
        for powers in choices:
            terms = np.stack([x**power for power in powers], axis=1)
            scale = terms.max(axis=0)  # or squares of thousands would leave no digits
            design = terms / scale / y[:, None]
            found = np.linalg.lstsq(design, np.ones_like(y), rcond=None)[0]
            error = float(np.square(design @ found - 1).sum())
            if len(powers) <= len(set(sizes)) and (found >= 0).all():
                fits.append((error, cls(powers, found / scale)))
        return min(fits, key=lambda fit: fit[0])[1]

    def at(self, size: int) -> float:
        return float(np.dot(self.coefficients, [float(size) ** each for each in self.powers]))
