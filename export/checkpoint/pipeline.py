"""diffusers' pipeline with a checkpoint's own modules, in memory."""

from collections.abc import Collection
from typing import Any

import torch
from diffusers import AutoencoderKLLTXVideo, LTXConditionPipeline, LTXVideoTransformer3DModel
from torch import Tensor, nn
from transformers import T5Config, T5EncoderModel, T5TokenizerFast

from export.checkpoint.checkpoint import Checkpoint, Part
from export.checkpoint.schedule import load_scheduler
from export.checkpoint.weights import read_weight
from export.errors import ExportError


def load_pipeline(
    checkpoint: Checkpoint, components: Collection[str], dtype: torch.dtype
) -> LTXConditionPipeline:
    """Load the named components; the others, but for scheduler and tokenizer, are None.

    Raises:
        ExportError: a weight is missing.
    """
    modules: dict[str, Any] = dict.fromkeys(("text_encoder", "transformer", "vae"))
    for component in components:
        modules[component] = _load(checkpoint, component, dtype)
    tokenizer = T5TokenizerFast.from_pretrained(checkpoint.tokenizer)
    return LTXConditionPipeline(load_scheduler(checkpoint), tokenizer=tokenizer, **modules)


def build_module(checkpoint: Part, component: str) -> nn.Module:
    """Return the reference implementation of a component, on the meta device."""
    config = checkpoint.config(component)
    with torch.device("meta"):
        if component == "text_encoder":
            module: nn.Module = T5EncoderModel(T5Config.from_dict(config))
        else:
            kind = {"transformer": LTXVideoTransformer3DModel, "vae": AutoencoderKLLTXVideo}
            module = kind[component].from_config(config)
    return module.eval()


def _load(checkpoint: Checkpoint, component: str, dtype: torch.dtype) -> nn.Module:
    module = build_module(checkpoint, component)
    stored = checkpoint.weights(component)
    names = stored_names(module, stored)
    state = module.state_dict(keep_vars=True)
    keys = {name: names.get(tensor, name) for name, tensor in state.items()}
    if missing := sorted(set(keys.values()) - stored.keys()):
        raise ExportError(f"{checkpoint.place(component)} has no weight {missing[0]}")
    weights = {key: read_weight(stored[key], dtype) for key in set(keys.values())}
    module.load_state_dict({name: weights[key] for name, key in keys.items()}, assign=True)
    return module


def stored_names(module: nn.Module, stored: Collection[str]) -> dict[Tensor, str]:
    """Map each parameter to its name; a tied one to that name which is stored."""
    names: dict[Tensor, str] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if name in stored or parameter not in names:
            names[parameter] = name
    return names
