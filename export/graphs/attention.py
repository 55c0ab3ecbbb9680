"""Attention of the LTX transformer in operations that export with every axis dynamic."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class ExportAttention:
    """Takes the place of diffusers' `LTXVideoAttnProcessor`, whose reshapes fix the batch size."""

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        image_rotary_emb: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Attend to the text, or without text to the tokens themselves.

        Args:
            attn: diffusers' `LTXAttention`: the projections and norms.
            hidden_states: [B, N, D].
            encoder_hidden_states: [B, T, D].
            attention_mask: bias [B, 1, 1, T].
            image_rotary_emb: cosines and sines, FP32 [B, N, D] each.

        Returns:
            [B, N, D].
        """
        source = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        value = attn.to_v(source)
        query = attn.norm_q(attn.to_q(hidden_states)).float()
        key = attn.norm_k(attn.to_k(source))
        if image_rotary_emb is not None:
            query = _rotate(query, *image_rotary_emb)
            key = _rotate(key.float(), *image_rotary_emb).to(value.dtype)
        # Scale in FP32: inside the attention the factor would be rounded to the weights' type.
        query = (query * attn.head_dim**-0.5).to(value.dtype)
        heads = (attn.heads, -1)
        query, key, value = (
            tensor.unflatten(2, heads).transpose(1, 2) for tensor in (query, key, value)
        )
        attended = self.attend(query, key, value, attention_mask)
        output: Tensor = attn.to_out[0](attended.transpose(1, 2).flatten(2))
        return output

    def attend(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
        """Compute the attention, [B, heads, N, D] in and out; the query is scaled already."""
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=1.0)


def _rotate(tokens: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Turn each pair of neighbouring channels (diffusers `apply_rotary_emb`); all FP32 [B, N, D].

    OpenVINO runs it as one operator, `RoPE`, if a `Split` takes the pairs apart. `chunk` becomes
    one; strided slices and `unbind` become `Slice`. It looks for a product with -1 as well.
    """
    pairs = torch.unflatten(tokens, 2, (-1, 2))
    real, imaginary = (channel.squeeze(-1) for channel in pairs.chunk(2, dim=-1))
    rotated = torch.stack((imaginary * -1.0, real), dim=-1).flatten(2)
    return tokens * cosines + rotated * sines
