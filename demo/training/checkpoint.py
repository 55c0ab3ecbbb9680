"""Write the trained models in diffusers' folder format."""

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLLTXVideo, FlowMatchEulerDiscreteScheduler

from demo.training.latents import Statistics
from demo.training.tokenizer import save_demo_tokenizer
from demo.training.transformer import TextToLatents
from export.checkpoint.index import write_index


def set_statistics(autoencoder: AutoencoderKLLTXVideo, statistics: Statistics) -> None:
    """Store the latent statistics; the pipeline denormalises latents with them."""
    autoencoder.latents_mean.copy_(torch.from_numpy(statistics.mean))
    autoencoder.latents_std.copy_(torch.from_numpy(statistics.deviation))


def write_checkpoint(
    folder: Path, model: TextToLatents, autoencoder: AutoencoderKLLTXVideo
) -> None:
    """Write the checkpoint in FP16, in the format of `LTXConditionPipeline.from_pretrained`."""
    save_demo_tokenizer(folder / "tokenizer")
    FlowMatchEulerDiscreteScheduler().save_pretrained(folder / "scheduler")
    components: dict[str, Any] = {
        "transformer": model.transformer,
        "text_encoder": model.text_encoder,
        "vae": autoencoder,
    }
    for name, component in components.items():
        component.half().save_pretrained(folder / name)
    write_index(folder)
