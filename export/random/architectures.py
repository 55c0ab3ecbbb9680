"""The sizes of LTX-Video, for random checkpoints that cost as much as the real ones.

From the configs of Lightricks/LTX-Video-0.9.7-distilled and of the 2B model, without the entries
that are defaults of diffusers or transformers.
"""

from typing import Any

TRANSFORMER_13B: dict[str, Any] = {
    "num_layers": 48,
    "num_attention_heads": 32,
    "attention_head_dim": 128,
    "cross_attention_dim": 4096,
    "caption_channels": 4096,
}
TRANSFORMER_2B: dict[str, Any] = {
    "num_layers": 28,
    "num_attention_heads": 32,
    "attention_head_dim": 64,
    "cross_attention_dim": 2048,
    "caption_channels": 4096,
}
T5_XXL: dict[str, Any] = {
    "vocab_size": 32128,
    "d_model": 4096,
    "d_kv": 64,
    "d_ff": 10240,
    "num_heads": 64,
    "num_layers": 24,
}
# Fits both transformers and takes no space, for measurements without a text encoder.
T5_SMALLEST: dict[str, Any] = {
    "d_model": 4096,
    "d_kv": 64,
    "d_ff": 64,
    "num_heads": 2,
    "num_layers": 1,
}
VAE: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 1024, 2048),
    "layers_per_block": (4, 6, 6, 2, 2),
    "decoder_block_out_channels": (256, 512, 1024),
    "decoder_layers_per_block": (5, 5, 5, 5),
}
