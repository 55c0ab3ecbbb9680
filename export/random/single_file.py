"""Write a random checkpoint as Lightricks publishes them: transformer and VAE in a single file.

Keys, types and metadata are the real ones. Values are random, and one tensor at a time is in
memory, so that files of the true sizes can be measured on a small machine.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLLTXVideo
from diffusers import LTXVideoTransformer3DModel as Transformer
from torch import Tensor, nn

from export.checkpoint.versions import VERSIONS
from export.random import architectures
from export.random.checkpoint import TRANSFORMER, VAE
from export.random.stored import write_tensors
from export.random.weights import random_tensor, random_weight

SIZES: dict[str, dict[str, dict[str, Any]]] = {
    "tiny": {},
    "2b": {"transformer": architectures.TRANSFORMER_2B, "vae": architectures.VAE},
    "13b": {"transformer": architectures.TRANSFORMER_13B, "vae": architectures.VAE},
}
VERSION = "0.9.8-distilled"
_STATISTICS = "vae.per_channel_statistics"
_UNUSED = ("channel", "mean-of-stds", "mean-of-stds_over_std-of-means")


def write_random_single_file(
    file: Path,
    seed: int = 0,
    *,
    transformer: dict[str, Any] | None = None,
    vae: dict[str, Any] | None = None,
    dtype: torch.dtype = torch.bfloat16,
    config: dict[str, Any] | None = None,
) -> None:
    """Write the file.

    Args:
        file: its folder is created if missing.
        seed: the same seed gives the values that `write_random_checkpoint` gives.
        transformer: entries of diffusers' config that replace the small ones; likewise `vae`.
        dtype: of the stored weights.
        config: metadata; None: `metadata_config` of these.
    """
    modules = random_modules(transformer, vae)
    names = {key: (part, name) for part in modules for name, key in keys(modules[part], part)}
    shapes = {key: modules[part].state_dict()[name].shape for key, (part, name) in names.items()}
    latents = torch.Size([modules["vae"].config.latent_channels])
    shapes |= {f"{_STATISTICS}.{name}": latents for name in _UNUSED}

    def draw(key: str) -> Tensor:
        if key not in names:
            return random_tensor(key, shapes[key], seed).to(dtype)
        part, name = names[key]
        return random_weight(modules[part], name, seed).to(dtype)

    metadata = {"config": json.dumps(config or metadata_config(modules)), "format": "pt"}
    write_tensors(file, {key: (shapes[key], dtype) for key in sorted(shapes)}, draw, metadata)


def random_modules(
    transformer: dict[str, Any] | None = None, vae: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return diffusers' modules on the meta device, small but for the given entries."""
    with torch.device("meta"):
        return {
            "transformer": Transformer(**TRANSFORMER | (transformer or {})),
            "vae": AutoencoderKLLTXVideo(**VAE | (vae or {})),
        }


def keys(module: nn.Module, part: str) -> list[tuple[str, str]]:
    """Return the names of a module's weights in diffusers, each with its key in the file."""
    to_key = {"transformer": _transformer_key, "vae": _vae_key}[part]
    return [(name, to_key(name)) for name in module.state_dict()]


def metadata_config(modules: dict[str, Any], version: str = VERSION) -> dict[str, Any]:
    """Return Lightricks' config of a transformer and a VAE."""
    transformer, vae = modules["transformer"].config, modules["vae"].config
    layers = vae.layers_per_block
    down = ("compress_space_res", "compress_time_res", "compress_all_res", "compress_all_res")
    encoder: list[Any] = [["res_x", {"num_layers": layers[0]}]]
    for name, count in zip(down, layers[1:], strict=True):
        encoder += [[name, {"multiplier": 2}], ["res_x", {"num_layers": count}]]
    first, *later = vae.decoder_layers_per_block
    decoder: list[Any] = [["res_x", {"num_layers": first, "inject_noise": False}]]
    for count in later:
        decoder.append(["compress_all", {"residual": True, "multiplier": 2}])
        decoder.append(["res_x", {"num_layers": count, "inject_noise": False}])
    config: dict[str, Any] = {
        "transformer": {
            "_class_name": "Transformer3DModel",
            "activation_fn": "gelu-approximate",
            "attention_bias": True,
            "attention_head_dim": transformer.attention_head_dim,
            "caption_channels": transformer.caption_channels,
            "causal_temporal_positioning": True,
            "cross_attention_dim": transformer.cross_attention_dim,
            "in_channels": transformer.in_channels,
            "norm_elementwise_affine": False,
            "norm_eps": 1e-06,
            "num_attention_heads": transformer.num_attention_heads,
            "num_layers": transformer.num_layers,
            "out_channels": transformer.out_channels,
            "positional_embedding_max_pos": [20, 2048, 2048],
            "positional_embedding_theta": 10000.0,
            "positional_embedding_type": "rope",
            "qk_norm": "rms_norm",
            "standardization_norm": "rms_norm",
            "timestep_scale_multiplier": 1000,
        },
        "vae": {
            "_class_name": "CausalVideoAutoencoder",
            "causal_decoder": False,
            "decoder_blocks": decoder,
            "dims": 3,
            "encoder_blocks": encoder,
            "in_channels": 3,
            "latent_channels": vae.latent_channels,
            "latent_log_var": "uniform",
            "norm_layer": "pixel_norm",
            "normalize_latent_channels": False,
            "out_channels": 3,
            "patch_size": vae.patch_size,
            "scaling_factor": 1.0,
            "timestep_conditioning": True,
            "use_quant_conv": False,
        },
        "scheduler": {
            "_class_name": "RectifiedFlowScheduler",
            "num_train_timesteps": 1000,
            "sampler": "LinearQuadratic",
            "shifting": None,
        },
    }
    levels = VERSIONS[version].levels
    if levels is not None:
        config["allowed_inference_steps"] = list(levels)
    return config


def _transformer_key(name: str) -> str:
    name = re.sub(r"^proj_in\.", "patchify_proj.", name)
    name = re.sub(r"^time_embed\.", "adaln_single.", name)
    return "model.diffusion_model." + re.sub(r"\.norm_([qk])\.", r".\1_norm.", name)


def _vae_key(name: str) -> str:
    statistics = {"latents_mean": "mean-of-means", "latents_std": "std-of-means"}
    if name in statistics:
        return f"{_STATISTICS}.{statistics[name]}"
    name = re.sub(r"^decoder\.(time_embedder|scale_shift_table)", r"decoder.last_\1", name)
    name = re.sub(r"^encoder\.mid_block", "encoder.down_blocks.4", name)
    name = re.sub(r"^decoder\.up_blocks\.(\d+)", lambda found: _up(int(found[1]) + 1), name)
    name = re.sub(r"^decoder\.mid_block", _up(0), name)
    name = re.sub(r"(down|up)_blocks\.(\d+)(\.\w+samplers\.0)?", _flat, name)
    name = name.replace("resnets", "res_blocks")
    return f"vae.{name}"


def _up(number: int) -> str:
    return f"decoder.up_blocks.{number}"


def _flat(found: re.Match[str]) -> str:
    """Count resnets and samplers in one row, samplers before a block's resnets going up."""
    number = 2 * int(found[2])
    if found[3]:
        number += 1 if found[1] == "down" else -1
    return f"{found[1]}_blocks.{number}"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m export.random.single_file", description=__doc__
    )
    parser.add_argument("file", type=Path, help="name of the file; its folder is created")
    parser.add_argument(
        "--size", choices=SIZES, default="tiny", help="of the model (default: %(default)s)"
    )
    parser.add_argument(
        "--version",
        choices=VERSIONS,
        default=VERSION,
        help="whose allowed noise levels the metadata name (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random weights (default: 0)")
    given = parser.parse_args()
    transformer, vae = (SIZES[given.size].get(part) for part in ("transformer", "vae"))
    config = metadata_config(random_modules(transformer, vae), given.version)
    write_random_single_file(
        given.file, given.seed, transformer=transformer, vae=vae, config=config
    )
    print(f"Random checkpoint written to {given.file}")


if __name__ == "__main__":
    main()
