"""Generate the same videos with diffusers' pipeline and the noise of the denoising loop."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import diffusers
import numpy as np
import torch
from numpy.typing import NDArray

from export.checkpoint.versions import DEFAULT
from ltx_triton.pipeline.noise import Noise, draw_noise, latent_shape
from ltx_triton.video_spec import VideoSpec

_RANDN = "diffusers.pipelines.ltx.pipeline_ltx_condition.randn_tensor"


class ReferencePipeline:
    """`LTXConditionPipeline` in FP32 with the default sampling settings of an export."""

    def __init__(self, checkpoint: Path, **components: Any) -> None:
        """Load the checkpoint, with some components in place of its own."""
        self._pipeline = diffusers.LTXConditionPipeline.from_pretrained(
            checkpoint, dtype=torch.float32, **components
        )
        self._pipeline.set_progress_bar_config(disable=True)

    def frames(self, spec: VideoSpec) -> NDArray[np.uint8]:
        """Generate a video, UINT8 [num_frames, height, width, 3]."""
        shape = latent_shape(
            spec,
            spatial_compression=self._pipeline.vae_spatial_compression_ratio,
            temporal_compression=self._pipeline.vae_temporal_compression_ratio,
            channels=self._pipeline.transformer.config.in_channels,
        )
        steps = spec.num_inference_steps or DEFAULT.num_inference_steps
        video = call_pipeline(
            self._pipeline,
            spec.model_copy(update={"num_inference_steps": steps}),
            draw_noise(shape, spec.seed),
            decode_timestep=DEFAULT.decode_timestep,
            decode_noise_scale=DEFAULT.decode_noise_scale,
        )
        return to_bytes(video)


def call_pipeline(
    pipeline: Any,
    spec: VideoSpec,
    noise: Noise,
    *,
    decode_timestep: float,
    decode_noise_scale: float,
) -> NDArray[np.float32]:
    """Call diffusers' pipeline with given noise; return FP32 [num_frames, height, width, 3], 0..1.

    Args:
        pipeline: a `LTXConditionPipeline`.
        spec: with its number of steps.
        noise: of the denoising loop, in place of the pipeline's own.
        decode_timestep: of the VAE decoder.
        decode_noise_scale: share of noise in the latents that are decoded.
    """
    latents, decode = (
        torch.from_numpy(array).permute(0, 4, 1, 2, 3).to(pipeline.device)
        for array in (noise.latents, noise.decode)
    )
    latent_frames = latents.shape[2]
    # The pipeline draws twice.
    with patch(_RANDN, side_effect=[latents, decode.to(pipeline.vae.dtype)]):
        video: NDArray[np.float32] = pipeline(
            prompt=spec.prompt,
            num_frames=1 + pipeline.vae_temporal_compression_ratio * (latent_frames - 1),
            height=spec.height,
            width=spec.width,
            frame_rate=spec.frame_rate,
            num_inference_steps=spec.num_inference_steps,
            negative_prompt=spec.negative_prompt,
            guidance_scale=spec.guidance_scale or 1.0,
            decode_timestep=decode_timestep,
            decode_noise_scale=decode_noise_scale,
            output_type="np",
        ).frames[0]
    return video[: spec.num_frames]


def to_bytes(video: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Convert 0..1 to UINT8."""
    frames: NDArray[np.uint8] = np.rint(video * 255).astype(np.uint8)
    return frames
