"""The transformer's graph: one denoising step, from latents to the next latents."""

from typing import Any

import torch
from diffusers import LTXVideoTransformer3DModel
from torch import Tensor, nn

from export.checkpoint.checkpoint import Checkpoint
from export.fp8.record import Record
from export.graphs.attention import ExportAttention
from export.graphs.engine import Engine
from export.graphs.rotary import RotaryPositions
from export.graphs.vae_decoder import vae_scale_factors
from export.int8.linears import int8_weights
from export.precision import Precision
from ltx_triton.contract import TRANSFORMER


class TransformerGraph(nn.Module):
    """diffusers' transformer with its positions, mask bias and Euler step, all per sample.

    Positions and the Euler step are FP32 whatever the type of the weights.
    """

    model: Any  # diffusers LTXVideoTransformer3DModel

    def __init__(self, model: Any, positions: RotaryPositions) -> None:
        super().__init__()
        self.model = model
        self.positions = positions

    def forward(
        self,
        latents: Tensor,
        prompt_embeds: Tensor,
        attention_mask: Tensor,
        frame_rate: Tensor,
        sigma: Tensor,
        sigma_next: Tensor,
    ) -> Tensor:
        """Take one denoising step.

        Args:
            latents: FP32 [B, F, H, W, L] at noise level `sigma`.
            prompt_embeds: FP32 [B, T, C].
            attention_mask: INT32 [B, T], 1 for real tokens.
            frame_rate: FP32 [B, 1], frames a second.
            sigma: FP32 [B, 1], 0..1.
            sigma_next: FP32 [B, 1], noise level to go to.

        Returns:
            FP32 [B, F, H, W, L] at noise level `sigma_next`.
        """
        velocity = self.velocity(latents, prompt_embeds, attention_mask, frame_rate, sigma)
        # diffusers LTXConditionPipeline.__call__ gives the scheduler -velocity, and
        # FlowMatchEulerDiscreteScheduler.step with per_token_timesteps has dt = sigma - sigma_next.
        step = (sigma - sigma_next)[:, :, None, None, None]
        return latents - step * velocity

    def velocity(
        self,
        latents: Tensor,
        prompt_embeds: Tensor,
        attention_mask: Tensor,
        frame_rate: Tensor,
        sigma: Tensor,
    ) -> Tensor:
        """Predict noise minus video; arguments as of `forward`, FP32 [B, F, H, W, L] out.

        Follows diffusers `LTXVideoTransformer3DModel.forward`. What has the type of the weights
        is all but the positions, the time and the last norm.
        """
        _, frames, height, width, _ = latents.shape
        rotary = self.positions(frame_rate, frames, height, width)
        dtype = self.model.dtype
        tokens = latents.flatten(1, 3).to(dtype)  # LTXConditionPipeline._pack_latents
        prompt_embeds = prompt_embeds.to(dtype)
        model = self.model
        mask_bias = ((1 - attention_mask.to(dtype)) * -10000.0)[:, None, None, :]
        hidden_states = model.proj_in(tokens)
        # The schedule's timesteps are sigma * 1000 (LTXConditionPipeline.__call__).
        modulation, embedded_timestep = model.time_embed(
            sigma[:, 0] * 1000.0, batch_size=None, hidden_dtype=dtype
        )
        text = model.caption_projection(prompt_embeds)
        for block in model.transformer_blocks:
            hidden_states = block(
                hidden_states=hidden_states,
                encoder_hidden_states=text,
                temb=modulation[:, None],
                image_rotary_emb=rotary,
                encoder_attention_mask=mask_bias,
            )
        shift_scale = model.scale_shift_table[None] + embedded_timestep[:, None]
        shift, scale = shift_scale[:, 0:1], shift_scale[:, 1:2]
        hidden_states = model.norm_out(hidden_states.float()) * (1 + scale) + shift
        velocity: Tensor = model.proj_out(hidden_states.to(dtype))
        return velocity.float().reshape(latents.shape)


def build(checkpoint: Checkpoint, precision: Precision, fp8: Record | None = None) -> Engine:
    """Describe the transformer of a checkpoint, without its weights; FP8 needs a record."""
    with torch.device("meta"):
        model = LTXVideoTransformer3DModel.from_config(checkpoint.config("transformer")).eval()
    model.to(precision.dtype(TRANSFORMER))
    model.set_attn_processor(ExportAttention())
    config = model.config
    spatial, temporal = vae_scale_factors(checkpoint)
    latents = ("batch", "frames", "latent_height", "latent_width", config.in_channels)
    graph = TransformerGraph(model, RotaryPositions(model.rope, spatial, temporal))
    return Engine(
        contract=TRANSFORMER,
        opset=precision.opset,
        module=graph,
        component="transformer",
        axes={
            "latents": latents,
            "prompt_embeds": ("batch", "tokens", config.caption_channels),
            "attention_mask": ("batch", "tokens"),
            "frame_rate": ("batch", 1),
            "sigma": ("batch", 1),
            "sigma_next": ("batch", 1),
            "latents_out": latents,
        },
        fp8=fp8,
        int8=int8_weights(graph) if precision is Precision.INT8 else frozenset(),
    )
