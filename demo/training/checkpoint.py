"""Write the trained models in diffusers' folder format."""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLLTXVideo,
    FlowMatchEulerDiscreteScheduler,
    LTXVideoTransformer3DModel,
)
from torch import nn
from transformers import T5EncoderModel

from demo.shapes.captions import vocabulary
from demo.training.latents import Statistics
from demo.training.models import new_autoencoder
from demo.training.tokenizer import save_demo_tokenizer
from demo.training.transformer import TextToLatents
from export.checkpoint.index import write_index
from export.checkpoint.trained_on import TrainedOn

# Pixels: smaller and larger frames are trained on, but few of them show the right shape.
DRAWN_SIDES = (384, 672)


def set_statistics(autoencoder: AutoencoderKLLTXVideo, statistics: Statistics) -> None:
    """Store the latent statistics; the pipeline denormalises latents with them."""
    autoencoder.latents_mean.copy_(torch.from_numpy(statistics.mean))
    autoencoder.latents_std.copy_(torch.from_numpy(statistics.deviation))


def statistics_of(autoencoder: AutoencoderKLLTXVideo) -> Statistics:
    return Statistics(autoencoder.latents_mean.numpy(), autoencoder.latents_std.numpy())


def load_checkpoint(folder: Path, model: TextToLatents) -> AutoencoderKLLTXVideo:
    """Load all weights of the model but its probes; return the autoencoder."""
    autoencoder = new_autoencoder()
    components: dict[str, tuple[nn.Module, Any]] = {
        "transformer": (model.transformer, LTXVideoTransformer3DModel),
        "text_encoder": (model.text_encoder, T5EncoderModel),
        "vae": (autoencoder, AutoencoderKLLTXVideo),
    }
    for name, (component, kind) in components.items():
        loaded = kind.from_pretrained(folder / name, dtype=torch.float32)
        component.load_state_dict(loaded.state_dict())
    return autoencoder


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
    TrainedOn(words=tuple(vocabulary()), sides=DRAWN_SIDES).save(folder)
