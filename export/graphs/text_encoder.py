"""The text encoder's graph: T5, with the padding mask applied in its attention."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import T5Config, T5EncoderModel

from export.checkpoint.checkpoint import Checkpoint
from export.graphs.engine import Engine
from export.int8.linears import int8_weights
from export.precision import Precision
from ltx_triton.contract import TEXT_ENCODER


class TextEncoderGraph(nn.Module):
    """transformers' T5 stack with its mask and position bias written out.

    What the blocks add up is FP32 whatever the type of the weights: the sums grow too large for
    fewer digits.

    transformers finds the bucket of a distance through a logarithm, which rounds differently from
    one runtime to the next. The buckets are the same for every text, so they are a table here.
    """

    encoder: Any  # transformers T5Stack
    buckets: Tensor

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder
        attention = encoder.block[0].layer[0].SelfAttention
        # All distances from here on share one bucket.
        self.max_distance = attention.relative_attention_max_distance
        distances = torch.arange(-self.max_distance, self.max_distance + 1)
        buckets = attention._relative_position_bucket(
            distances,
            bidirectional=True,
            num_buckets=attention.relative_attention_num_buckets,
            max_distance=self.max_distance,
        )
        self.register_buffer("buckets", buckets)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Embed tokens.

        Args:
            input_ids: INT32 [B, T].
            attention_mask: INT32 [B, T], 1 for real tokens.

        Returns:
            FP32 [B, T, C].
        """
        encoder = self.encoder
        embeds = encoder.embed_tokens(input_ids)
        masked = torch.finfo(embeds.dtype).min
        mask_bias = (1 - attention_mask[:, None, None, :]).to(embeds.dtype) * masked
        position_bias = self._position_bias(input_ids.shape[1])
        hidden_states = embeds.float()
        for block in encoder.block:
            hidden_states = block(hidden_states, mask_bias, position_bias)[0]
        prompt_embeds: Tensor = encoder.final_layer_norm(hidden_states)
        return prompt_embeds.float()

    def _position_bias(self, length: int) -> Tensor:
        """Return [1, heads, T, T] (transformers `T5Attention.compute_bias`)."""
        positions = torch.arange(length)
        distances = positions[None, :] - positions[:, None]
        distances = distances.clamp(-self.max_distance, self.max_distance)
        rows = (distances + self.max_distance).flatten()
        buckets = self.buckets.index_select(0, rows).reshape(length, length)
        attention = self.encoder.block[0].layer[0].SelfAttention
        bias: Tensor = attention.relative_attention_bias(buckets)
        return bias.permute(2, 0, 1)[None]


def build(checkpoint: Checkpoint, precision: Precision) -> Engine:
    """Describe the text encoder of a checkpoint, without its weights."""
    config = T5Config.from_dict(checkpoint.config("text_encoder"))
    # Other implementations branch on the mask's values, which cannot be traced.
    config._attn_implementation = "eager"
    if config.dense_act_fn == "gelu_new":
        # The same function as a single operation, without intermediate rounding.
        config.dense_act_fn = "gelu_pytorch_tanh"
    with torch.device("meta"):
        model = T5EncoderModel(config).eval()
    model.to(precision.dtype(TEXT_ENCODER))
    graph = TextEncoderGraph(model.encoder)
    return Engine(
        contract=TEXT_ENCODER,
        opset=precision.opset,
        module=graph,
        component="text_encoder",
        axes={
            "input_ids": ("batch", "tokens"),
            "attention_mask": ("batch", "tokens"),
            "prompt_embeds": ("batch", "tokens", config.d_model),
        },
        aliases=(("encoder.embed_tokens.weight", "shared.weight"),),
        int8=int8_weights(graph) if precision is Precision.INT8 else frozenset(),
    )
