"""The demo checkpoint's models: the classes of LTX-Video 0.9.7, small."""

from typing import Any

from diffusers import AutoencoderKLLTXVideo, LTXVideoTransformer3DModel
from transformers import T5Config, T5EncoderModel

from training.latents import CHANNELS, SPATIAL, TEMPORAL

_TEXT_CHANNELS = 128
_WIDTH, _HEADS = 192, 4

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
# Channels and layers apart, the layout of 0.9.7. Its last level keeps its channels, or it would be
# left with too few to draw 4 x 4 pixels with.
VAE: dict[str, Any] = {
    "latent_channels": CHANNELS,
    "block_out_channels": (16, 24, 32, 48, 64),
    "layers_per_block": (1, 1, 1, 1, 1),
    "decoder_block_out_channels": (24, 24, 96),
    "decoder_layers_per_block": (1, 1, 1, 1),
    "down_block_types": ("LTXVideo095DownBlock3D",) * 4,
    "spatio_temporal_scaling": (True,) * 4,
    "decoder_spatio_temporal_scaling": (True,) * 3,
    "decoder_inject_noise": (False,) * 4,
    "downsample_type": ("spatial", "temporal", "spatiotemporal", "spatiotemporal"),
    "upsample_residual": (True,) * 3,
    "upsample_factor": (1, 1, 4),
    "timestep_conditioning": True,
    "encoder_causal": True,
    "decoder_causal": False,
    "spatial_compression_ratio": SPATIAL,
    "temporal_compression_ratio": TEMPORAL,
}


def new_transformer() -> LTXVideoTransformer3DModel:
    """Untrained."""
    return LTXVideoTransformer3DModel(**TRANSFORMER)


def new_text_encoder(vocab_size: int) -> T5EncoderModel:
    """Untrained."""
    return T5EncoderModel(T5Config(vocab_size=vocab_size, **TEXT_ENCODER))


def new_autoencoder() -> AutoencoderKLLTXVideo:
    """Untrained."""
    return AutoencoderKLLTXVideo(**VAE)
