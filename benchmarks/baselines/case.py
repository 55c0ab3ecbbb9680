"""A measured case: one checkpoint, one precision, one request."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.noise import Noise, draw_noise, latent_shape
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

    def noise(self, config: PipelineConfig) -> Noise:
        shape = latent_shape(
            self.request,
            spatial_compression=config.spatial_compression,
            temporal_compression=config.temporal_compression,
            channels=config.latent_channels,
        )
        return draw_noise(shape, self.request.seed)

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
