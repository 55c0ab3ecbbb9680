"""diffusers' components, called as its pipeline calls them, on the tensors of the contract."""

from collections.abc import Mapping
from typing import Any

import torch
from diffusers import AutoencoderKLLTXVideo, LTXConditionPipeline, LTXVideoTransformer3DModel
from diffusers.video_processor import VideoProcessor
from numpy.typing import NDArray
from torch import Tensor
from transformers import T5EncoderModel

from benchmarks.baselines.case import Case
from demo.evaluation.reference import to_bytes
from ltx_triton.contract import TEXT_ENCODER, TRANSFORMER, VAE_DECODER
from ltx_triton.pipeline.config import PipelineConfig

# Engine -> folder of the checkpoint, and class.
_SOURCES = {
    TEXT_ENCODER.name: ("text_encoder", T5EncoderModel),
    TRANSFORMER.name: ("transformer", LTXVideoTransformer3DModel),
    VAE_DECODER.name: ("vae", AutoencoderKLLTXVideo),
}


def load_component(case: Case, name: str, dtype: torch.dtype) -> Any:
    """Load the module behind an engine onto the device, file by file."""
    folder, kind = _SOURCES[name]
    return kind.from_pretrained(
        case.checkpoint / folder, dtype=dtype, device_map={"": case.device}
    ).eval()


@torch.no_grad()
def run_component(
    name: str, module: Any, inputs: Mapping[str, NDArray[Any]], config: PipelineConfig
) -> NDArray[Any]:
    """Return the output of the engine `name`, computed by its module."""
    tensors = {key: torch.from_numpy(array).to(module.device) for key, array in inputs.items()}
    output: NDArray[Any] = _RUN[name](module, tensors, config)
    return output


def _encode(model: Any, tensors: dict[str, Tensor], _: PipelineConfig) -> NDArray[Any]:
    """FP32 [1, T, C]."""
    mask = tensors["attention_mask"].bool()
    return _to_host(model(tensors["input_ids"].long(), attention_mask=mask)[0].float())


def _step(model: Any, tensors: dict[str, Tensor], config: PipelineConfig) -> NDArray[Any]:
    """FP32 [1, F, H, W, L]."""
    pipeline = LTXConditionPipeline
    latents = tensors["latents"].permute(0, 4, 1, 2, 3)
    frames, rows, columns = latents.shape[2:]
    coordinates = pipeline._scale_video_ids(
        pipeline._prepare_video_ids(1, frames, rows, columns, device=latents.device),
        scale_factor=config.spatial_compression,
        scale_factor_t=config.temporal_compression,
        frame_index=0,
    ).float()
    coordinates[:, 0] *= 1.0 / tensors["frame_rate"]
    tokens = pipeline._pack_latents(latents)
    velocity = model(
        hidden_states=tokens.to(model.dtype),
        encoder_hidden_states=tensors["prompt_embeds"].to(model.dtype),
        timestep=tensors["sigma"] * 1000,
        encoder_attention_mask=tensors["attention_mask"].bool(),
        video_coords=coordinates,
        return_dict=False,
    )[0]
    tokens = tokens - (tensors["sigma"] - tensors["sigma_next"]) * velocity.float()
    latents = pipeline._unpack_latents(tokens, frames, rows, columns)
    return _to_host(latents.permute(0, 2, 3, 4, 1))


def _decode(vae: Any, tensors: dict[str, Tensor], config: PipelineConfig) -> NDArray[Any]:
    """UINT8 [1, N, 32H, 32W, 3]."""
    latents, noise = (
        tensors[name].permute(0, 4, 1, 2, 3).to(vae.dtype) for name in ("latents", "noise")
    )
    latents = LTXConditionPipeline._denormalize_latents(
        latents, vae.latents_mean, vae.latents_std, vae.config.scaling_factor
    ).to(vae.dtype)
    scale = config.decode_noise_scale
    latents = (1 - scale) * latents + scale * noise
    timestep = torch.tensor([config.decode_timestep], device=latents.device, dtype=vae.dtype)
    video = vae.decode(latents, timestep, return_dict=False)[0]
    processor = VideoProcessor(vae_scale_factor=config.spatial_compression)
    return to_bytes(processor.postprocess_video(video, "np"))


_RUN = {TEXT_ENCODER.name: _encode, TRANSFORMER.name: _step, VAE_DECODER.name: _decode}


def _to_host(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.cpu().numpy()
    return array
