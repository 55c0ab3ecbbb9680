"""Parts that copy files of a few bytes, for tests of the order of work."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.gpu.artifacts import Artifact
from benchmarks.gpu.budget import Need
from benchmarks.gpu.parts import Part


@dataclass
class Work:
    """Weights become ONNX, ONNX an engine; PyTorch runs the weights, and both are compared."""

    folder: Path
    done: list[str] = field(default_factory=list)
    need: dict[str, Need] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.weights, self.onnx, self.engine = (
            Artifact(name, self.folder, name, 100) for name in ("weights", "onnx", "engine")
        )

    def parts(self) -> list[Part]:
        return [
            self._part("checkpoint", makes=(self.weights,)),
            self._part("pytorch", after=("checkpoint",), uses=(self.weights,)),
            self._part("export", after=("checkpoint",), uses=(self.weights,), makes=(self.onnx,)),
            self._part("plans", after=("export",), uses=(self.onnx,), makes=(self.engine,)),
            self._part("engines", after=("plans",), uses=(self.engine,), prefers=(self.weights,)),
        ]

    def files(self) -> set[str]:
        return {
            artifact.name for artifact in (self.weights, self.onnx, self.engine) if artifact.exists
        }

    def _part(self, stage: str, makes: tuple[Artifact, ...] = (), **others: Any) -> Part:
        need = self.need.get(stage, Need(0))
        return Part(stage, self._run(stage, makes), 2e9, need, makes=makes, **others)

    def _run(self, stage: str, makes: tuple[Artifact, ...]) -> Callable[[], dict[str, Any]]:
        def run() -> dict[str, Any]:
            if stage in self.failing:
                raise RuntimeError("no luck")
            for artifact in makes:
                (artifact.folder / artifact.pattern).write_bytes(bytes(100))
            self.done.append(stage)
            return {"held": sorted(self.files())}

        return run


STAGES = ("checkpoint", "pytorch", "export", "plans", "engines")
