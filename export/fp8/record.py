"""What was calibrated: a JSON file beside the transformer's engine, used again while it fits."""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from export.errors import ExportError

RECORD_FILE = "fp8.json"


@dataclass(frozen=True)
class Scales:
    """Of one linear: the value that FP8's 1 stands for, for its input and for its weight."""

    input: float
    weight: float


@dataclass(frozen=True)
class Group:
    """Linears that are quantised or left out together."""

    error: float  # relative L2 error of the velocity with only this group in FP8
    error_share: float  # of the squared errors of all groups
    work_share: float  # of the multiplications of all groups
    quantized: bool
    layers: dict[str, Scales]  # by their name in diffusers' transformer


@dataclass(frozen=True)
class Record:
    """Scales of a checkpoint's transformer, which of its linears take FP8, and why."""

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
        """The linears that take FP8."""
        return {
            name: scales
            for group in self.groups.values()
            if group.quantized
            for name, scales in group.layers.items()
        }

    def fits(self, checkpoint_sha256: str) -> bool:
        """Whether it was made from this checkpoint and the prompts of this version."""
        return (self.checkpoint_sha256, self.prompts_sha256) == (
            checkpoint_sha256,
            prompts_sha256(),
        )

    def save(self, folder: Path) -> None:
        """Write `fp8.json` into `folder`."""
        text = json.dumps(asdict(self), indent=2)
        (folder / RECORD_FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Record":
        """Read `fp8.json` from `folder`.

        Raises:
            FileNotFoundError: there is none.
            ExportError: it is not what `save` writes.
        """
        file = folder / RECORD_FILE
        text = file.read_text(encoding="utf-8")
        try:
            fields = json.loads(text)
            groups = {name: _group(group) for name, group in fields.pop("groups").items()}
            return cls(**fields, groups=groups)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ExportError(
                f"{file} is no record of an FP8 calibration ({error}); delete it to calibrate again"
            ) from error


def prompts() -> list[str]:
    """What is calibrated with: `prompts.txt`, one prompt a line."""
    return _prompts_text().splitlines()


def prompts_sha256() -> str:
    """Hash of the prompts, 64 hexadecimal digits."""
    return hashlib.sha256(_prompts_text().encode()).hexdigest()


def _prompts_text() -> str:
    return (resources.files("export.fp8") / "prompts.txt").read_text(encoding="utf-8")


def _group(fields: dict[str, Any]) -> Group:
    layers = {name: Scales(**scales) for name, scales in fields.pop("layers").items()}
    return Group(**fields, layers=layers)
