"""The demo checkpoint's models: the classes of LTX-Video 0.9.7, small."""

from typing import Any

import torch
from diffusers import AutoencoderKLLTXVideo, LTXVideoTransformer3DModel
from transformers import T5Config, T5EncoderModel

from demo.training.latents import CHANNELS
from export.random.checkpoint import VAE as LAYOUT

_TEXT_CHANNELS = 128
# The relative positions of T5 that its first heads look at: one back, one ahead, two back.
_LOOK_AT, _SURENESS = (1, 17, 2), 6.0
_WIDTH, _HEADS = 192, 8

TRANSFORMER: dict[str, Any] = {
    "in_channels": CHANNELS,
    "out_channels": CHANNELS,
    "num_attention_heads": _HEADS,
    "attention_head_dim": _WIDTH // _HEADS,
    "cross_attention_dim": _WIDTH,
    "num_layers": 5,
    "caption_channels": _TEXT_CHANNELS,
}
TEXT_ENCODER: dict[str, Any] = {
    "d_model": _TEXT_CHANNELS,
    "d_kv": 32,
    "d_ff": 256,
    "num_heads": 4,
    "num_layers": 2,
    "feed_forward_proj": "gated-gelu",
    "dropout_rate": 0.0,
}
# The layout of 0.9.7. Its last levels keep their channels, or they would be left with too few to
# draw 4 x 4 pixels with.
VAE: dict[str, Any] = LAYOUT | {
    "latent_channels": CHANNELS,
    "decoder_block_out_channels": (24, 24, 96),
    "upsample_factor": (1, 1, 4),
}


def new_transformer() -> LTXVideoTransformer3DModel:
    """Untrained."""
    return LTXVideoTransformer3DModel(**TRANSFORMER)


def new_text_encoder(vocab_size: int) -> T5EncoderModel:
    """Untrained, but its first heads look at the words beside and before that.

    What a word means here depends on them ("from left", "dark blue"), and the biases would take
    hundreds of steps to say so.
    """
    model = T5EncoderModel(T5Config(vocab_size=vocab_size, **TEXT_ENCODER))
    biases = model.encoder.block[0].layer[0].SelfAttention.relative_attention_bias.weight
    with torch.no_grad():
        for head, distance in enumerate(_LOOK_AT):
            biases[distance, head] += _SURENESS
    return model


def new_autoencoder() -> AutoencoderKLLTXVideo:
    """Untrained."""
    return AutoencoderKLLTXVideo(**VAE)
