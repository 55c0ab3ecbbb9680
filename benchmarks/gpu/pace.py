"""How long parts take: guesses, corrected by what has been timed on this machine."""

from benchmarks.gpu.parts import Part

# Seconds of a stage: so many, and so many for each GB of weights.
_GUESSES = {
    "checkpoint": (15, 6),
    "calibration": (60, 20),
    "reference": (40, 6),
    "pytorch": (90, 8),
    "export": (20, 3),
    "plans": (40, 30),
    "parity": (20, 4),
    "engines": (60, 10),
    "triton": (60, 6),
}
_LEAST_BYTES = 1e9  # what takes less says nothing about what takes more


class Pace:
    def __init__(self) -> None:
        self._corrections: dict[str, float] = {}

    def seconds(self, part: Part) -> float:
        return self._corrections.get(part.stage, 1.0) * _guess(part)

    def learn(self, part: Part, seconds: float) -> None:
        if part.weight_bytes >= _LEAST_BYTES:
            self._corrections[part.stage] = seconds / _guess(part)


def _guess(part: Part) -> float:
    fixed, per_gb = _GUESSES[part.stage.partition(" ")[0]]
    return fixed + per_gb * part.weight_bytes / 1e9
