"""The JSON beside the `ltx_video` model: everything the denoising loop knows of its checkpoint.

Written by the exporter, read by the loop. Nothing of it is a constant in the serving code.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ltx_triton.repository.layout import PIPELINE_CONFIG_FILE


@dataclass(frozen=True)
class SizeLimit:
    """A largest video: one that exceeds it in none of the three is possible."""

    height: int  # pixels
    width: int  # pixels
    num_frames: int


class OtherVersionError(RuntimeError):
    """A file of an export was written by another version of this project."""


@dataclass(frozen=True)
class PipelineConfig:
    """Sampling and shape settings of an exported checkpoint."""

    model_name: str
    checkpoint_sha256: str
    precision: str  # fp32, fp16, bf16 or fp8: of the engines' weights and arithmetic
    latent_channels: int
    caption_channels: int
    spatial_compression: int  # pixels per latent row or column
    temporal_compression: int  # frames per latent frame, after the first
    text_length: int  # tokens; longer prompts are cut
    text_buckets: tuple[int, ...]  # text is padded to the smallest of these that holds it
    num_inference_steps: int  # the default
    sigmas: dict[int, tuple[float, ...]]  # number of steps -> noise levels, final 0 included
    decode_timestep: float  # inside the decoder's graph; kept here for the record
    decode_noise_scale: float  # likewise
    size_limits: tuple[SizeLimit, ...] = ()  # what the engines were built for; none: any size

    def save(self, folder: Path) -> None:
        """Write `pipeline.json` into `folder`."""
        text = json.dumps(asdict(self), indent=2)
        (folder / PIPELINE_CONFIG_FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "PipelineConfig":
        """Read `pipeline.json` from `folder`.

        Raises:
            FileNotFoundError: no checkpoint has been exported into this folder.
            OtherVersionError: one has, by a version of this project that wrote other fields.
        """
        path = folder / PIPELINE_CONFIG_FILE
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: run `make export` first")
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.keys() != {field.name for field in fields(cls)}:
            raise OtherVersionError(
                f"{path} was written by another version of this project: delete it and export again"
            )
        values["text_buckets"] = tuple(values["text_buckets"])
        values["sigmas"] = {int(n): tuple(levels) for n, levels in values["sigmas"].items()}
        values["size_limits"] = tuple(SizeLimit(**limit) for limit in values["size_limits"])
        return cls(**values)
