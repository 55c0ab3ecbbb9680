"""The decoder's graph: from normalised latents to uint8 frames."""

from typing import Any

import torch
from diffusers import AutoencoderKLLTXVideo
from diffusers.models.normalization import RMSNorm
from torch import Tensor, nn

from export.checkpoint.checkpoint import Checkpoint
from export.errors import ExportError
from export.graphs.engine import Engine
from export.precision import Precision
from ltx_triton.contract import VAE_DECODER, VAE_FEATURES


class VaeDecoderGraph(nn.Module):
    """diffusers' LTX decoder from de-normalisation to pixels, which both are FP32.

    The decode timestep is the same for every sample, so its embeddings have batch size one, and a
    runtime can compute them when it loads the graph.
    """

    decoder: Any  # diffusers LTXVideoDecoder3d
    latents_mean: Tensor
    latents_std: Tensor
    timestep: Tensor

    def __init__(self, vae: Any, decode_timestep: float, decode_noise_scale: float) -> None:
        super().__init__()
        self.decoder = vae.decoder
        self.register_buffer("latents_mean", vae.latents_mean)
        self.register_buffer("latents_std", vae.latents_std)
        self.scaling_factor = float(vae.config.scaling_factor)
        self.noise_scale = decode_noise_scale
        self.register_buffer("timestep", torch.tensor([decode_timestep]))
        self.dtype = vae.decoder.conv_in.conv.weight.dtype

    def forward(self, latents: Tensor, noise: Tensor) -> Tensor:
        """Decode.

        Args:
            latents: FP32 [B, F, H, W, L], normalised.
            noise: FP32, same shape, N(0, 1).

        Returns:
            UINT8 [B, 8(F-1)+1, 32H, 32W, 3], RGB.
        """
        # diffusers LTXConditionPipeline._denormalize_latents and __call__
        latents = latents * self.latents_std / self.scaling_factor + self.latents_mean
        latents = (1 - self.noise_scale) * latents + self.noise_scale * noise
        patches = self._decode(latents.permute(0, 4, 1, 2, 3).to(self.dtype)).float()
        # diffusers VideoProcessor.postprocess_video, before the pixels are moved to their places
        # for the last time: whole numbers are cheap to move in any precision.
        patches = (patches * 127.5 + 127.5).round().clamp(0, 255)
        return self._unpatchify(patches).to(torch.uint8)

    def _decode(self, hidden_states: Tensor) -> Tensor:
        """Follow diffusers `LTXVideoDecoder3d.forward`, from latents to patches of pixels.

        Args:
            hidden_states: [B, L, F, H, W], of the type of the weights.

        Returns:
            [B, 3 * t * p * p, N / t, 32H / p, 32W / p], of the same type, about -1..1, for
            patches of t frames, p rows and p columns.
        """
        decoder = self.decoder
        timestep = self.timestep * decoder.timestep_scale_multiplier.float()
        hidden_states = decoder.conv_in(hidden_states)
        hidden_states = _block(decoder.mid_block, hidden_states, timestep)
        for up_block in decoder.up_blocks:
            hidden_states = _block(up_block, hidden_states, timestep, up_block.upsamplers or ())
        hidden_states = decoder.norm_out(hidden_states.movedim(1, -1)).movedim(-1, 1)
        modulation = _embed(decoder.time_embedder, timestep, self.dtype)
        modulation = modulation.reshape(1, 2, -1, 1, 1, 1)
        modulation = modulation + decoder.scale_shift_table[None, ..., None, None, None]
        shift, scale = modulation.unbind(dim=1)
        hidden_states = decoder.conv_act(hidden_states * (1 + scale) + shift)
        patches: Tensor = decoder.conv_out(hidden_states)
        return patches

    def _unpatchify(self, patches: Tensor) -> Tensor:
        """Move pixels to their places: what `_decode` returns to [B, N, 32H, 32W, 3]."""
        size, size_t = self.decoder.patch_size, self.decoder.patch_size_t
        batch, _, frames, height, width = patches.shape
        patches = patches.reshape(batch, -1, size_t, size, size, frames, height, width)
        patches = patches.permute(0, 5, 2, 6, 4, 7, 3, 1)
        return patches.flatten(5, 6).flatten(3, 4).flatten(1, 2)


class ChannelRmsNorm(nn.Module):
    """diffusers' `RMSNorm` without weights, of channels that stay on axis 1.

    Its callers move them to the last axis and back. Here they are moved once more each way, so that
    the moves cancel out in the simplified graph.
    """

    def __init__(self, norm: RMSNorm) -> None:
        super().__init__()
        if norm.weight is not None:
            raise ExportError("the decoder's norms have weights; expected none")
        self.eps = norm.eps

    def forward(self, hidden_states: Tensor) -> Tensor:
        """[B, F, H, W, C] in and out."""
        channels_first = hidden_states.movedim(-1, 1)
        variance = channels_first.float().pow(2).mean(1, keepdim=True)
        normed = channels_first * torch.rsqrt(variance + self.eps)
        return normed.to(hidden_states.dtype).movedim(1, -1)


def _block(
    block: Any,
    hidden_states: Tensor,
    timestep: Tensor,
    upsamplers: Any = (),
) -> Tensor:
    """Follow diffusers `LTXVideoMidBlock3d.forward` and `LTXVideoUpBlock3d.forward`."""
    embedding = _embed(block.time_embedder, timestep, hidden_states.dtype)
    for upsampler in upsamplers:
        hidden_states = upsampler(hidden_states)
    for resnet in block.resnets:
        hidden_states = resnet(hidden_states, embedding)
    return hidden_states


def _embed(time_embedder: Any, timestep: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the embedding of a single timestep, FP32 [1], as `dtype` [1, channels, 1, 1, 1]."""
    embedding: Tensor = time_embedder(
        timestep, resolution=None, aspect_ratio=None, batch_size=1, hidden_dtype=dtype
    )
    return embedding[:, :, None, None, None]


def vae_scale_factors(checkpoint: Checkpoint) -> tuple[int, int]:
    """Pixels per latent row or column, and frames per latent frame."""
    return _scale_factors(_build_vae(checkpoint))


def build(
    checkpoint: Checkpoint, precision: Precision, decode_timestep: float, decode_noise_scale: float
) -> Engine:
    """Describe the VAE decoder of a checkpoint, without its weights."""
    vae = _build_vae(checkpoint)
    vae.decoder.to(precision.dtype(VAE_DECODER))
    spatial, temporal = _scale_factors(vae)
    latents = ("batch", "frames", "latent_height", "latent_width", vae.config.latent_channels)
    frames = f"{temporal}*frames - {temporal - 1}"
    return Engine(
        contract=VAE_DECODER,
        opset=precision.opset,
        module=VaeDecoderGraph(vae, decode_timestep, decode_noise_scale),
        component="vae",
        axes={
            "latents": latents,
            "noise": latents,
            "frames": ("batch", frames, f"{spatial}*latent_height", f"{spatial}*latent_width", 3),
        },
        unused=("encoder.",),
        inner_tensors=((VAE_FEATURES, _last_upsampler(vae)),),
    )


def _last_upsampler(vae: AutoencoderKLLTXVideo) -> str:
    """Return the weight of its convolution.

    Raises:
        ExportError: it does not double the frames, or looks into the past alone.
    """
    block = len(vae.decoder.up_blocks) - 1
    upsampler = (vae.decoder.up_blocks[block].upsamplers or [None])[0]
    if upsampler is None or upsampler.stride[0] != 2 or upsampler.conv.is_causal:
        found = (
            f"stride={upsampler.stride}, causal={upsampler.conv.is_causal}"
            if upsampler
            else "no upsampler"
        )
        raise ExportError(
            "the decoder's last block needs an upsampler that doubles the frames and is not "
            f"causal, as in LTX-Video 0.9.7; found {found}"
        )
    return f"decoder.up_blocks.{block}.upsamplers.0.conv.conv.weight"


def _build_vae(checkpoint: Checkpoint) -> AutoencoderKLLTXVideo:
    with torch.device("meta"):
        vae = AutoencoderKLLTXVideo.from_config(checkpoint.config("vae")).eval()
    for module in list(vae.decoder.modules()):
        for name, child in module.named_children():
            if isinstance(child, RMSNorm):
                setattr(module, name, ChannelRmsNorm(child))
    return vae


def _scale_factors(vae: AutoencoderKLLTXVideo) -> tuple[int, int]:
    return int(vae.spatial_compression_ratio), int(vae.temporal_compression_ratio)
