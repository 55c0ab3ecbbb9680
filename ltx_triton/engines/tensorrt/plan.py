"""The JSON beside a TensorRT plan: what it was built from, by what, and for which machine.

Read before the plan is deserialised, so that a plan of another GPU is refused in plain words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ltx_triton.contract import ENGINES
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.tensorrt.cuda import Gpu
from ltx_triton.json_file import JsonFile
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE, PLAN_FILE, version_folder

REBUILD = "`make export TARGET=tensorrt` builds it for this machine"

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
        """Sum up the distances of all dimensions from the optimum."""
        return sum(abs(a - b) for a, b in zip(self.optimum, shape, strict=True))


@dataclass(frozen=True)
class Profile:
    """An optimisation profile: a name, and the range of every input."""

    name: str
    inputs: dict[str, Range]


class PlanInfo(JsonFile):
    """Metadata of a plan, readable without opening it."""

    FILE = "model.plan.json"
    REMEDY = REBUILD

    version: Literal[1] = 1
    tensorrt_version: str
    gpu_name: str
    compute_capability: str
    precision: str
    profiles: tuple[Profile, ...]  # in the plan's order
    onnx_sha256: str  # of the graph file; its weights are the checkpoint's
    checkpoint_sha256: str
    optimization_level: int
    weight_streaming: bool
    refittable: bool

    def require_machine(self, path: Path, tensorrt_version: str, gpu: Gpu) -> None:
        """Refuse a plan of another TensorRT or of GPUs of another compute capability.

        Raises:
            PlanMismatchError: it cannot be deserialised here.
        """
        built = (self.tensorrt_version, self.compute_capability)
        if built != (tensorrt_version, gpu.compute_capability):
            raise PlanMismatchError(
                f"{path} was built by TensorRT {self.tensorrt_version} for {self.gpu_name} "
                f"(compute capability {self.compute_capability}); here are TensorRT "
                f"{tensorrt_version} and {gpu.name} ({gpu.compute_capability}). {REBUILD}"
            )

    def profile_for(self, shapes: Mapping[str, Shape]) -> int:
        """Index of the profile that takes `shapes` and has the closest optimum.

        Raises:
            ValueError: no profile takes them; names the shapes and what is allowed.
        """
        fitting = {
            index: sum(profile.inputs[name].distance(shape) for name, shape in shapes.items())
            for index, profile in enumerate(self.profiles)
            if all(profile.inputs[name].holds(shape) for name, shape in shapes.items())
        }
        if not fitting:
            given = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            allowed = "; ".join(
                f"{name} {bounds.minimum} to {bounds.maximum} ({profile.name})"
                for profile in self.profiles
                for name, bounds in profile.inputs.items()
            )
            raise ValueError(f"no profile of the plan takes {given}; allowed: {allowed}")
        return min(fitting, key=lambda index: fitting[index])


def require_checkpoint(repository: Path, config: PipelineConfig) -> None:
    """Refuse plans, and engines on the CPU beside them, of another checkpoint than `config`'s.

    Raises:
        PlanMismatchError: one was left by another export.
    """
    for model in ENGINES:
        folder = version_folder(repository, model)
        found = {}
        if (folder / PLAN_FILE).is_file():
            found[PLAN_FILE] = PlanInfo.load(folder).checkpoint_sha256
        if (folder / CpuEngineInfo.FILE).is_file():
            found[ENGINE_FILE] = CpuEngineInfo.load(folder).checkpoint_sha256
        for file, checkpoint in found.items():
            if checkpoint != config.checkpoint_sha256:
                raise PlanMismatchError(
                    f"{folder / file} is of the checkpoint {checkpoint[:12]}, but pipeline.json "
                    f"is of {config.checkpoint_sha256[:12]}. {REBUILD}; or remove it"
                )
