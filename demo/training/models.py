"""Small models of LTX-Video 0.9.7's classes."""

from typing import Any

import torch
from diffusers import AutoencoderKLLTXVideo, LTXVideoTransformer3DModel
from transformers import T5Config, T5EncoderModel

from demo.training.latents import CHANNELS
from export.checkpoint.vae_layout import VAE_LAYOUT

_TEXT_CHANNELS = 128
# Relative position buckets of T5: one back, one ahead, two back.
_NEIGHBOURS, _BIAS = (1, 17, 2), 6.0
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
# The last levels keep their channels: halved, they would be too few to draw 4 x 4 pixels.
VAE: dict[str, Any] = VAE_LAYOUT | {
    "latent_channels": CHANNELS,
    "block_out_channels": (16, 16, 32, 32, 64),
    "layers_per_block": (1, 1, 1, 1, 1),
    "decoder_layers_per_block": (1, 1, 1, 1),
    "decoder_block_out_channels": (24, 24, 96),
    "upsample_factor": (1, 1, 4),
}


def new_transformer() -> LTXVideoTransformer3DModel:
    return LTXVideoTransformer3DModel(**TRANSFORMER)


def new_text_encoder(vocab_size: int) -> T5EncoderModel:
    """Create an encoder whose first heads attend to neighbouring words.

    The meaning of a word depends on them ("from left", "dark blue"); learning these biases would
    take hundreds of steps.
    """
    model = T5EncoderModel(T5Config(vocab_size=vocab_size, **TEXT_ENCODER))
    biases = model.encoder.block[0].layer[0].SelfAttention.relative_attention_bias.weight
    with torch.no_grad():
        for head, distance in enumerate(_NEIGHBOURS):
            biases[distance, head] += _BIAS
    return model


def new_autoencoder() -> AutoencoderKLLTXVideo:
    return AutoencoderKLLTXVideo(**VAE)
