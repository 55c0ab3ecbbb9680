"""Sampling settings of an exported checkpoint."""

import inspect
from dataclasses import replace
from typing import Any

from diffusers import LTXConditionPipeline

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.schedule import is_stochastic, sigma_schedules
from export.checkpoint.versions import Version, find_version
from export.errors import ExportError
from export.graphs.vae_decoder import vae_scale_factors
from export.options import ExportOptions
from ltx_triton.pipeline.config import PipelineConfig

TEXT_BUCKETS = (32, 64, 128, 256)  # tokens


def sampling(checkpoint: Checkpoint, options: ExportOptions) -> Version:
    """Return how the checkpoint samples: as its version does, where the options do not say.

    Raises:
        ExportError: the version is not known, or cannot be sampled.
    """
    version = find_version(checkpoint, options.checkpoint_version)
    given: dict[str, Any] = {
        "num_inference_steps": options.num_inference_steps,
        "decode_timestep": options.decode_timestep,
        "decode_noise_scale": options.decode_noise_scale,
    }
    return replace(version, **{name: value for name, value in given.items() if value is not None})


def schedules(checkpoint: Checkpoint, options: ExportOptions) -> dict[int, tuple[float, ...]]:
    """Return the noise levels by number of steps, as `sigma_schedules` does.

    Raises:
        ExportError: the version is not known, or its number of steps has no schedule.
    """
    version = sampling(checkpoint, options)
    sigmas = sigma_schedules(checkpoint, checkpoint.levels or version.levels)
    if version.num_inference_steps in sigmas:
        return sigmas
    allowed = ", ".join(map(str, sigmas))
    if options.num_inference_steps is None and checkpoint.levels is not None:
        levels = ", ".join(f"{level:g}" for level in checkpoint.levels)
        raise ExportError(
            f"{checkpoint.name} is not {version.name}, which takes {version.num_inference_steps} "
            f"steps: its levels are {levels}, for {allowed} steps"
        )
    raise ExportError(
        f"--num-inference-steps {version.num_inference_steps} has no schedule; expected one of "
        f"{allowed}"
    )


def pipeline_config(checkpoint: Checkpoint, options: ExportOptions) -> PipelineConfig:
    """Collect what the denoising loop needs to know about the checkpoint.

    Raises:
        ExportError: the version is not known, or its number of steps has no schedule.
    """
    version = sampling(checkpoint, options)
    sigmas = schedules(checkpoint, options)
    spatial, temporal = vae_scale_factors(checkpoint)
    # The reference pads and truncates to this, ignoring the tokenizer's model_max_length.
    call = inspect.signature(LTXConditionPipeline.__call__)
    text_length = int(call.parameters["max_sequence_length"].default)
    trained_on = checkpoint.trained_on()
    return PipelineConfig(
        model_name=options.name or checkpoint.name,
        checkpoint_sha256=checkpoint.sha256(),
        precision=options.precision,
        latent_channels=checkpoint.config("vae").get("latent_channels", 128),
        caption_channels=checkpoint.config("transformer").get("caption_channels", 4096),
        spatial_compression=spatial,
        temporal_compression=temporal,
        text_length=text_length,
        text_buckets=tuple(bucket for bucket in TEXT_BUCKETS if bucket <= text_length),
        num_inference_steps=version.num_inference_steps,
        sigmas=sigmas,
        decode_timestep=version.decode_timestep,
        decode_noise_scale=version.decode_noise_scale,
        stochastic_sampling=version.stochastic_sampling or is_stochastic(checkpoint),
        guidance_scale=version.guidance_scale,
        known_words=trained_on.words,
        drawn_sides=trained_on.sides,
    )
