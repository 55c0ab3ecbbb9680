"""What is measured: one checkpoint, one precision, one request."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltx_triton.contract import VideoRequest
from ltx_triton.pipeline_config import PipelineConfig

PROMPT = "A cat walks through a sunlit garden while the camera follows it slowly"


@dataclass(frozen=True)
class Case:
    """Folders and request, as both sides of the comparison read them."""

    folder: Path  # of everything that is written
    architecture: str
    layers: int  # of the transformer
    precision: str
    device: str  # "cuda" or "cpu"
    height: int  # pixels
    width: int  # pixels
    num_frames: int
    steps: int
    compile_backend: str  # of torch.compile

    @property
    def checkpoint(self) -> Path:
        """Random weights in diffusers' format."""
        return self.folder / "checkpoint"

    @property
    def onnx(self) -> Path:
        """The ONNX export, laid out like a model repository."""
        return self.folder / "onnx"

    @property
    def repository(self) -> Path:
        """The model repository that is served."""
        return self.folder / "model_repository"

    @property
    def request(self) -> VideoRequest:
        """The request that is timed."""
        return VideoRequest(
            prompt=PROMPT,
            num_frames=self.num_frames,
            height=self.height,
            width=self.width,
            frame_rate=8.0,
            seed=0,
            num_inference_steps=self.steps,
        )

    def latent_shape(self, config: PipelineConfig) -> tuple[int, ...]:
        """[1, F, H, W, L] of the request, as the denoising loop has it."""
        return (
            1,
            1 + -(-(self.num_frames - 1) // config.temporal_compression),
            self.height // config.spatial_compression,
            self.width // config.spatial_compression,
            config.latent_channels,
        )

    def noises(self, config: PipelineConfig) -> list[NDArray[np.float32]]:
        """Initial latents and decode noise of the request, as the denoising loop draws them."""
        random = np.random.default_rng(self.request.seed)
        shape = self.latent_shape(config)
        return [random.standard_normal(shape, dtype=np.float32) for _ in range(2)]

    def save(self) -> Path:
        """Write the case into its folder."""
        file = self.folder / "case.json"
        file.write_text(json.dumps(asdict(self) | {"folder": str(self.folder)}), encoding="utf-8")
        return file

    @classmethod
    def load(cls, file: Path) -> "Case":
        """Read what `save` wrote."""
        fields = json.loads(file.read_text(encoding="utf-8"))
        return cls(**fields | {"folder": Path(fields["folder"])})
