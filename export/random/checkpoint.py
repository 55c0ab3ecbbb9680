"""Write a random LTX-Video 0.9.7 checkpoint in diffusers' folder format.

The architecture is the real one and the sizes are small, so that the whole system runs on a CPU.
The weights are random: the videos are coloured noise.
"""

import argparse
from pathlib import Path
from typing import Any

import torch
import transformers
from diffusers import AutoencoderKLLTXVideo, FlowMatchEulerDiscreteScheduler
from diffusers import LTXVideoTransformer3DModel as Transformer
from transformers import T5Config, T5EncoderModel

from export.checkpoint.index import write_index
from export.checkpoint.vae_layout import VAE_LAYOUT
from export.checkpoint.word_tokenizer import save_word_tokenizer
from export.random.vocabulary import SUFFIXES, WORDS
from export.random.weights import save_random_weights

TRANSFORMER = {
    "num_attention_heads": 4,
    "attention_head_dim": 32,
    "cross_attention_dim": 128,
    "num_layers": 4,
    "caption_channels": 64,
}
TEXT_ENCODER = {
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 128,
    "num_heads": 4,
    "num_layers": 2,
    "feed_forward_proj": "gated-gelu",
    "dropout_rate": 0.0,
}
VAE = VAE_LAYOUT | {
    "block_out_channels": (16, 16, 32, 32, 64),
    "layers_per_block": (1, 1, 1, 1, 1),
    "decoder_block_out_channels": (32, 64, 128),
    "decoder_layers_per_block": (1, 1, 1, 1),
}


def write_random_checkpoint(
    folder: Path,
    seed: int = 0,
    *,
    transformer: dict[str, Any] | None = None,
    text_encoder: dict[str, Any] | None = None,
    vae: dict[str, Any] | None = None,
    dtype: torch.dtype = torch.float32,
    shard_bytes: int | None = None,
) -> None:
    """Write the checkpoint; `LTXConditionPipeline.from_pretrained(folder)` loads it.

    Args:
        folder: created when missing.
        seed: the same seed gives the same weights, byte for byte.
        transformer: config entries that replace the small ones; likewise `text_encoder` and
            `vae`.
        dtype: of the stored weights.
        shard_bytes: split the weights into files of about this size; None: one file each.
    """
    storage: dict[str, Any] = {"dtype": dtype, "shard_bytes": shard_bytes}
    vocab_size = save_word_tokenizer(folder / "tokenizer", WORDS.split(), SUFFIXES)
    FlowMatchEulerDiscreteScheduler().save_pretrained(folder / "scheduler")
    with torch.device("meta"):
        dit = Transformer(**TRANSFORMER | (transformer or {}))
        autoencoder = AutoencoderKLLTXVideo(**VAE | (vae or {}))
        t5 = T5EncoderModel(
            T5Config(**{"vocab_size": vocab_size} | TEXT_ENCODER | (text_encoder or {}))
        )
    for name, model in (("transformer", dit), ("vae", autoencoder)):
        model.save_config(folder / name)
        save_random_weights(model, folder / name, "diffusion_pytorch_model", seed, **storage)
    t5.config.architectures = ["T5EncoderModel"]
    t5.config.save_pretrained(folder / "text_encoder")
    save_random_weights(t5, folder / "text_encoder", "model", seed, **storage)
    write_index(folder)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m export.random.checkpoint", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the checkpoint goes; created when missing")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights (default: 0)")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    write_random_checkpoint(arguments.folder, arguments.seed)
    print(f"Random checkpoint written to {arguments.folder}")


if __name__ == "__main__":
    main()
