"""The same clips by diffusers' own pipeline, fed with the noise that the denoising loop draws."""

from pathlib import Path
from unittest.mock import patch

import diffusers
import numpy as np
import torch
from numpy.typing import NDArray

from ltx_triton.video_spec import VideoSpec


class ReferencePipeline:
    """`LTXConditionPipeline` in FP32 with the sampling settings of the export."""

    def __init__(self, checkpoint: Path) -> None:
        self._pipeline = diffusers.LTXConditionPipeline.from_pretrained(
            checkpoint, torch_dtype=torch.float32
        )
        self._pipeline.set_progress_bar_config(disable=True)

    def frames(self, request: VideoSpec) -> NDArray[np.uint8]:
        """UINT8 [num_frames, height, width, 3]."""
        pipeline = self._pipeline
        temporal, spatial = (
            pipeline.vae_temporal_compression_ratio,
            pipeline.vae_spatial_compression_ratio,
        )
        rendered = 1 + temporal * -(-(request.num_frames - 1) // temporal)
        shape = (
            1,
            (rendered - 1) // temporal + 1,
            request.height // spatial,
            request.width // spatial,
            pipeline.transformer.config.in_channels,
        )
        random = np.random.default_rng(request.seed)
        # The pipeline draws twice: the initial latents, then the decode noise.
        noises = [
            torch.from_numpy(random.standard_normal(shape, np.float32)).permute(0, 4, 1, 2, 3)
            for _ in range(2)
        ]
        drawing = "diffusers.pipelines.ltx.pipeline_ltx_condition.randn_tensor"
        with patch(drawing, side_effect=noises):
            video = pipeline(
                prompt=request.prompt,
                num_frames=rendered,
                height=request.height,
                width=request.width,
                frame_rate=request.frame_rate,
                num_inference_steps=request.num_inference_steps or 8,
                guidance_scale=1.0,
                decode_timestep=0.05,
                decode_noise_scale=0.025,
                output_type="np",
            ).frames[0]
        frames: NDArray[np.uint8] = np.rint(video * 255).astype(np.uint8)
        return frames[: request.num_frames]
