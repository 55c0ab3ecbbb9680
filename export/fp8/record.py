"""The result of an FP8 calibration, saved beside the transformer's engine for later exports."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from ltx_triton.json_file import JsonFile


@dataclass(frozen=True)
class Scales:
    """Scales of a linear: the values that 1 in FP8 stands for."""

    input: float
    weight: float


@dataclass(frozen=True)
class Group:
    """Linears that are quantised together, or not at all."""

    error: float  # relative L2 error of the velocity with only this group in FP8
    error_share: float  # of the squared errors of all groups
    work_share: float  # of the multiplications of all groups
    quantized: bool
    layers: dict[str, Scales]  # by their name in diffusers' transformer


class Record(JsonFile):
    """Scales of a checkpoint's transformer, which of its linears take FP8, and why."""

    FILE = "fp8.json"
    REMEDY = "delete it, and `make export PRECISION=fp8` calibrates again"

    version: Literal[2] = 2
    checkpoint_sha256: str
    prompts_sha256: str
    arithmetic: str  # such as "float32 on cpu"
    height: int  # pixels of the calibration's videos
    width: int
    num_frames: int
    num_inference_steps: int
    rule: str  # which groups are left out
    groups: dict[str, Group]

    @property
    def layers(self) -> dict[str, Scales]:
        """The linears in FP8."""
        return {
            name: scales
            for group in self.groups.values()
            if group.quantized
            for name, scales in group.layers.items()
        }

    def fits(self, checkpoint_sha256: str) -> bool:
        """Check that it was made from this checkpoint and from `prompts.txt`."""
        return (self.checkpoint_sha256, self.prompts_sha256) == (
            checkpoint_sha256,
            prompts_sha256(),
        )


def prompts() -> list[str]:
    """Read the calibration prompts: `prompts.txt`, one per line."""
    return _prompts_text().splitlines()


def prompts_sha256() -> str:
    """Hash of the prompts, 64 hexadecimal digits."""
    return hashlib.sha256(_prompts_text().encode()).hexdigest()


def _prompts_text() -> str:
    return (resources.files("export.fp8") / "prompts.txt").read_text(encoding="utf-8")
