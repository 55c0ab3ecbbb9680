"""Names of a single file's tensors in diffusers' terms.

Nothing is split, transposed or merged: Lightricks' names follow their own classes, and diffusers'
classes hold the same tensors. The rules are those of diffusers' `loaders/single_file_utils.py` for
LTX-Video 0.9.5 and later.
"""

import re
from collections.abc import Iterable

VAE = "vae."
_TRANSFORMER = "model.diffusion_model."
_TRANSFORMER_NAMES = {
    "patchify_proj": "proj_in",
    "adaln_single": "time_embed",
    "q_norm": "norm_q",
    "k_norm": "norm_k",
}
_VAE_NAMES = {
    "res_blocks": "resnets",
    "conv_shortcut": "conv_shortcut.conv",
    "norm3.norm": "norm3",
    "last_time_embedder": "time_embedder",
    "last_scale_shift_table": "scale_shift_table",
    "per_channel_statistics.mean-of-means": "latents_mean",
    "per_channel_statistics.std-of-means": "latents_std",
}
# Statistics of the training set that no model reads.
_UNUSED = {
    f"per_channel_statistics.{name}"
    for name in ("channel", "mean-of-stds", "mean-of-stds_over_std-of-means")
}
_LAST_DOWN_BLOCK = 8


def transformer_keys(keys: Iterable[str]) -> dict[str, str]:
    """Map each weight of the transformer, by its name in diffusers, to its key in the file."""
    return {
        _renamed(key.removeprefix(_TRANSFORMER), _TRANSFORMER_NAMES): key
        for key in keys
        if not key.startswith(VAE)
    }


def vae_keys(keys: Iterable[str]) -> dict[str, str]:
    """Likewise for the VAE."""
    names = {key.removeprefix(VAE): key for key in keys if key.startswith(VAE)}
    return {_vae_name(name): key for name, key in names.items() if name not in _UNUSED}


def _vae_name(name: str) -> str:
    name = re.sub(r"^(encoder)\.down_blocks\.(\d+)", _block, name)
    name = re.sub(r"^(decoder)\.up_blocks\.(\d+)", _block, name)
    return _renamed(name, _VAE_NAMES)


def _block(found: re.Match[str]) -> str:
    """Lightricks count resnets and samplers in one row; diffusers puts both into one block."""
    half, number = found[1], int(found[2])
    if half == "encoder":
        if number == _LAST_DOWN_BLOCK:
            return "encoder.mid_block"
        return f"encoder.down_blocks.{number // 2}" + (".downsamplers.0" if number % 2 else "")
    if number == 0:
        return "decoder.mid_block"
    return f"decoder.up_blocks.{(number - 1) // 2}" + (".upsamplers.0" if number % 2 else "")


def _renamed(name: str, names: dict[str, str]) -> str:
    for theirs, ours in names.items():
        name = name.replace(theirs, ours)
    return name
