"""A measured case: one checkpoint, one precision, one request."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.video_spec import VideoSpec


@dataclass(frozen=True)
class Case:
    folder: Path  # for inputs and outputs
    checkpoint: Path  # in diffusers' format
    repository: Path  # the export of the checkpoint
    request: VideoSpec  # names its number of steps
    precision: str
    device: str  # "cuda" or "cpu"
    compile_backend: str  # of torch.compile

    @property
    def steps(self) -> int:
        assert self.request.num_inference_steps is not None  # noqa: S101
        return self.request.num_inference_steps

    def latent_shape(self, config: PipelineConfig) -> tuple[int, ...]:
        """[1, F, H, W, L] of the request, as the denoising loop has it."""
        return (
            1,
            1 + -(-(self.request.num_frames - 1) // config.temporal_compression),
            self.request.height // config.spatial_compression,
            self.request.width // config.spatial_compression,
            config.latent_channels,
        )

    def noises(self, config: PipelineConfig) -> list[NDArray[np.float32]]:
        """Initial latents and decode noise of the request, as the denoising loop draws them."""
        random = np.random.default_rng(self.request.seed)
        shape = self.latent_shape(config)
        return [random.standard_normal(shape, dtype=np.float32) for _ in range(2)]

    def save(self) -> Path:
        file = self.folder / "case.json"
        file.write_text(
            json.dumps(asdict(self) | {"request": self.request.model_dump()}, default=str),
            encoding="utf-8",
        )
        return file

    @classmethod
    def load(cls, file: Path) -> "Case":
        fields = json.loads(file.read_text(encoding="utf-8"))
        paths = {name: Path(fields[name]) for name in ("folder", "checkpoint", "repository")}
        return cls(**fields | paths | {"request": VideoSpec(**fields["request"])})
