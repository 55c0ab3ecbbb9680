"""Reference outputs: the checkpoint's own modules, called as the pipeline calls them.

Each function runs its component in FP32 on every set of inputs, with weights rounded to the
export's precision. Only those of the module at work are in memory. The pipeline is diffusers'
`LTXConditionPipeline`.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKLLTXVideo, LTXConditionPipeline, LTXVideoTransformer3DModel
from diffusers.video_processor import VideoProcessor
from numpy.typing import NDArray
from torch import Tensor, nn

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.pipeline import build_module
from export.checkpoint.schedule import load_scheduler, set_steps
from export.fp8.record import Record
from export.fp8.simulate import fake_quantized
from export.int8.linears import int8_weights
from export.int8.quantize import fake_quantize
from export.precision import Precision
from export.verification.inputs import Inputs
from export.verification.streamed import Rounding, stream_weights
from ltx_triton.contract import TEXT_ENCODER, TRANSFORMER, VAE_DECODER, ModelContract
from ltx_triton.pipeline.config import PipelineConfig

Outputs = list[NDArray[Any]]


@torch.no_grad()
def text_encoder(
    checkpoint: Checkpoint, config: PipelineConfig, batches: Iterable[Inputs]
) -> Outputs:
    """FP32 [B, T, C] for each batch, as `_get_t5_prompt_embeds` computes it."""
    model = build_module(checkpoint, "text_encoder")
    stream_weights(model, checkpoint, "text_encoder", _rounding(config, TEXT_ENCODER, model))
    return [
        model(
            torch.from_numpy(batch["input_ids"]).long(),
            attention_mask=torch.from_numpy(batch["attention_mask"]).bool(),
        )[0].numpy()
        for batch in batches
    ]


@torch.no_grad()
def transformer(
    checkpoint: Checkpoint, config: PipelineConfig, batches: Iterable[Inputs]
) -> Outputs:
    """FP32 [B, F, H, W, L] for each batch, as the loop of `__call__` computes it."""
    model = _transformer(checkpoint, config)
    return [_denoise(model, checkpoint, config, batch) for batch in batches]


@torch.no_grad()
def fp8_transformer(
    checkpoint: Checkpoint, config: PipelineConfig, record: Record, batches: list[Inputs]
) -> tuple[Outputs, Outputs, Outputs]:
    """Return outputs without FP8, with FP8 weights, and with FP8 weights and inputs."""
    model = _transformer(checkpoint, config)
    exact = [_denoise(model, checkpoint, config, batch) for batch in batches]
    with fake_quantized(model, record.layers, quantized_inputs=False):
        weights = [_denoise(model, checkpoint, config, batch) for batch in batches]
    with fake_quantized(model, record.layers):
        everything = [_denoise(model, checkpoint, config, batch) for batch in batches]
    return exact, weights, everything


def _transformer(checkpoint: Checkpoint, config: PipelineConfig) -> LTXVideoTransformer3DModel:
    model = build_module(checkpoint, "transformer")
    stream_weights(model, checkpoint, "transformer", _rounding(config, TRANSFORMER, model))
    return model


def _denoise(
    model: LTXVideoTransformer3DModel,
    checkpoint: Checkpoint,
    config: PipelineConfig,
    batch: Inputs,
) -> NDArray[Any]:
    pipeline = LTXConditionPipeline
    latents = torch.from_numpy(batch["latents"]).permute(0, 4, 1, 2, 3)
    batch_size, _, frames, height, width = latents.shape
    video_ids = pipeline._scale_video_ids(
        pipeline._prepare_video_ids(batch_size, frames, height, width),
        scale_factor=config.spatial_compression,
        scale_factor_t=config.temporal_compression,
        frame_index=0,
    )
    video_coords = video_ids.float()
    for sample, frame_rate in enumerate(batch["frame_rate"][:, 0].tolist()):
        video_coords[sample, 0] = video_coords[sample, 0] * (1.0 / frame_rate)
    tokens = pipeline._pack_latents(latents)
    timestep = torch.from_numpy(batch["sigma"]) * 1000
    velocity = model(
        hidden_states=tokens,
        encoder_hidden_states=torch.from_numpy(batch["prompt_embeds"]),
        timestep=timestep,
        encoder_attention_mask=torch.from_numpy(batch["attention_mask"]).bool(),
        video_coords=video_coords,
        return_dict=False,
    )[0]
    scheduler = load_scheduler(checkpoint)
    set_steps(scheduler, _steps(config, batch))
    tokens = scheduler.step(
        -velocity,
        scheduler.timesteps[0],
        tokens,
        per_token_timesteps=timestep,
        return_dict=False,
    )[0]
    latents = pipeline._unpack_latents(tokens, frames, height, width)
    output: NDArray[Any] = latents.permute(0, 2, 3, 4, 1).numpy()
    return output


def _steps(config: PipelineConfig, batch: Inputs) -> int:
    """Find the schedule in which every sample's `sigma` is followed by its `sigma_next`."""
    wanted = set(
        zip(batch["sigma"][:, 0].tolist(), batch["sigma_next"][:, 0].tolist(), strict=True)
    )
    return next(
        steps
        for steps, sigmas in config.sigmas.items()
        if wanted <= set(itertools.pairwise(sigmas))
    )


@torch.no_grad()
def vae_decoder(
    checkpoint: Checkpoint, config: PipelineConfig, batches: Iterable[Inputs]
) -> Outputs:
    """UINT8 [B, N, 32H, 32W, 3] for each batch, as the end of `__call__` computes it."""
    vae = build_module(checkpoint, "vae")
    stream_weights(vae, checkpoint, "vae", _rounding(config, VAE_DECODER, vae))
    return [
        _decode(
            vae,
            config,
            torch.from_numpy(batch["latents"]).permute(0, 4, 1, 2, 3),
            torch.from_numpy(batch["noise"]).permute(0, 4, 1, 2, 3),
        )
        for batch in batches
    ]


def _decode(
    vae: AutoencoderKLLTXVideo, config: PipelineConfig, latents: Tensor, noise: Tensor
) -> NDArray[Any]:
    latents = LTXConditionPipeline._denormalize_latents(
        latents, vae.latents_mean, vae.latents_std, vae.config.scaling_factor
    )
    timestep = torch.full((latents.shape[0],), config.decode_timestep)
    scale = torch.full((latents.shape[0],), config.decode_noise_scale)[:, None, None, None, None]
    latents = (1 - scale) * latents + scale * noise
    video = vae.decode(latents, timestep, return_dict=False)[0]
    processor = VideoProcessor(vae_scale_factor=config.spatial_compression)
    pixels: NDArray[Any] = processor.postprocess_video(video, output_type="np")
    return (pixels * 255).round().astype(np.uint8)  # VaeImageProcessor.numpy_to_pil


def _rounding(config: PipelineConfig, contract: ModelContract, model: nn.Module) -> Rounding:
    precision = Precision(config.precision)
    dtype = precision.dtype(contract)
    int8 = int8_weights(model) if precision is Precision.INT8 else frozenset()

    def rounded(name: str, values: Tensor) -> Tensor:
        return fake_quantize(values) if name in int8 else values.to(dtype).float()

    return rounded


REFERENCES: dict[str, Callable[[Checkpoint, PipelineConfig, Iterable[Inputs]], Outputs]] = {
    TEXT_ENCODER.name: text_encoder,
    TRANSFORMER.name: transformer,
    VAE_DECODER.name: vae_decoder,
}
