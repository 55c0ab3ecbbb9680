"""The JSON beside a TensorRT plan: what it was built from, by what, and for which machine.

Read before the plan is deserialised, so that a plan of another GPU is refused in plain words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ltx_triton.contract import ENGINES
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.remedies import BUILD_PLANS
from ltx_triton.engines.tensorrt.cuda import Gpu
from ltx_triton.engines.tensorrt.library import LibraryName
from ltx_triton.json_file import JsonFile
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE, PLAN_FILE, version_folder

REBUILD = "`make export TARGET=tensorrt` builds it for this machine"
REBUILD_RTX = "`make export TARGET=tensorrt-rtx` builds it again"

Shape = tuple[int, ...]


class PlanMismatchError(RuntimeError):
    """A plan cannot be used here: says what it was built for, what is here, what to do."""


@dataclass(frozen=True)
class Range:
    """The shapes of one input that a profile takes, B in front."""

    minimum: Shape
    optimum: Shape
    maximum: Shape

    def holds(self, shape: Shape) -> bool:
        return len(shape) == len(self.minimum) and all(
            low <= size <= high
            for low, size, high in zip(self.minimum, shape, self.maximum, strict=True)
        )

    def distance(self, shape: Shape) -> int:
        return sum(abs(a - b) for a, b in zip(self.optimum, shape, strict=True))


@dataclass(frozen=True)
class Profile:
    """An optimisation profile: a name, and the range of every input."""

    name: str
    inputs: dict[str, Range]

    @property
    def largest_batch(self) -> int:
        return min(bounds.maximum[0] for bounds in self.inputs.values())

    def distance(self, shapes: Mapping[str, Shape]) -> int:
        """Sum up the distances of all dimensions from the optimum."""
        return sum(self.inputs[name].distance(shape) for name, shape in shapes.items())


class PlanInfo(JsonFile):
    """Metadata of a plan, readable without opening it."""

    FILE = "model.plan.json"
    REMEDY = BUILD_PLANS

    version: Literal[2] = 2
    library: LibraryName
    library_version: str
    gpu_name: str | None  # None: the library builds for all GPUs of these compute capabilities
    compute_capabilities: tuple[str, ...]
    precision: str
    profiles: tuple[Profile, ...]  # in the plan's order
    onnx_sha256: str  # of the graph file; its weights are the checkpoint's
    checkpoint_sha256: str
    optimization_level: int
    weight_streaming: bool
    refittable: bool

    @property
    def remedy(self) -> str:
        """What to do if the plan cannot be used."""
        return REBUILD if self.library == "tensorrt" else REBUILD_RTX

    def require_machine(self, path: Path, library_version: str, gpu: Gpu) -> None:
        """Refuse a plan of another version or of GPUs of other compute capabilities.

        Raises:
            PlanMismatchError: it cannot be deserialised here.
        """
        fits = gpu.compute_capability in self.compute_capabilities
        if fits and library_version == self.library_version:
            return
        # Building again with TensorRT-RTX would not help a GPU that it does not know.
        remedy = self.remedy if fits else REBUILD
        raise PlanMismatchError(
            f"{path} was built by {self.library} {self.library_version} for "
            f"{self.gpu_name or 'GeForce and RTX cards'} (compute capability "
            f"{', '.join(self.compute_capabilities)}); here are {self.library} "
            f"{library_version} and {gpu.name} ({gpu.compute_capability}). {remedy}"
        )

    def largest_batch(self, shapes: Mapping[str, Shape]) -> int:
        """Return the most videos of these shapes, but for B, that one run takes.

        Raises:
            ValueError: no profile takes them; names the shapes and what is allowed.
        """
        single = {name: (1, *shape[1:]) for name, shape in shapes.items()}
        return max(self.profiles[index].largest_batch for index in self._fitting(single))

    def profile_for(self, shapes: Mapping[str, Shape]) -> int:
        """Index of the profile that takes `shapes` and has the closest optimum.

        Raises:
            ValueError: no profile takes them; names the shapes and what is allowed.
        """
        return min(self._fitting(shapes), key=lambda index: self.profiles[index].distance(shapes))

    def _fitting(self, shapes: Mapping[str, Shape]) -> list[int]:
        fitting = [
            index
            for index, profile in enumerate(self.profiles)
            if all(profile.inputs[name].holds(shape) for name, shape in shapes.items())
        ]
        if not fitting:
            given = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            allowed = "; ".join(
                f"{name} {bounds.minimum} to {bounds.maximum} ({profile.name})"
                for profile in self.profiles
                for name, bounds in profile.inputs.items()
            )
            raise ValueError(f"no profile of the plan takes {given}; allowed: {allowed}")
        return fitting


def require_checkpoint(repository: Path, config: PipelineConfig) -> None:
    """Refuse plans, and engines on the CPU beside them, of another checkpoint than `config`'s.

    Raises:
        PlanMismatchError: one was left by another export.
    """
    for model in ENGINES:
        folder = version_folder(repository, model)
        if (folder / PLAN_FILE).is_file():
            plan = PlanInfo.load(folder)
            _require_same(folder / PLAN_FILE, plan.checkpoint_sha256, config, plan.remedy)
        if (folder / CpuEngineInfo.FILE).is_file():
            engine = CpuEngineInfo.load(folder)
            _require_same(
                folder / ENGINE_FILE, engine.checkpoint_sha256, config, CpuEngineInfo.REMEDY
            )


def _require_same(file: Path, checkpoint_sha256: str, config: PipelineConfig, remedy: str) -> None:
    if checkpoint_sha256 != config.checkpoint_sha256:
        raise PlanMismatchError(
            f"{file} is of the checkpoint {checkpoint_sha256[:12]}, but pipeline.json is of "
            f"{config.checkpoint_sha256[:12]}: {remedy}; or remove it"
        )
