"""Configs of a single file's transformer and VAE in diffusers' terms.

Sizes are those of the tensors. What tensors do not show is checked in Lightricks' own config, which
the file's metadata hold.
"""

import json
from typing import Any

from export.checkpoint.header import Header, count_numbers
from export.checkpoint.single_file_names import transformer_keys, vae_keys
from export.checkpoint.vae_layout import VAE_LAYOUT
from export.errors import ExportError

# Whatever else these could be, diffusers' transformer has no parameter for it.
_TRANSFORMER = {
    "_class_name": "Transformer3DModel",
    "activation_fn": "gelu-approximate",
    "norm_elementwise_affine": False,
    "norm_eps": 1e-6,
    "positional_embedding_max_pos": [20, 2048, 2048],
    "positional_embedding_theta": 10000.0,
    "positional_embedding_type": "rope",
    "qk_norm": "rms_norm",
    "standardization_norm": "rms_norm",
    "timestep_scale_multiplier": 1000,
}
_VAE = {
    "_class_name": "CausalVideoAutoencoder",
    "causal_decoder": False,
    "latent_log_var": "uniform",
    "norm_layer": "pixel_norm",
    "normalize_latent_channels": False,
    "patch_size": 4,
    "scaling_factor": 1.0,
    "spatial_padding_mode": "zeros",
    "timestep_conditioning": True,
    "use_quant_conv": False,
}
_STRIDES = {"compress_space_res": 4, "compress_time_res": 2, "compress_all_res": 8}
_DOWN_BLOCKS = ["compress_space_res", "compress_time_res", "compress_all_res", "compress_all_res"]
_UP_BLOCKS = 3


def read_config(header: Header, where: str) -> dict[str, Any]:
    """Return Lightricks' config of all components.

    Raises:
        ExportError: there is none.
    """
    try:
        config: dict[str, Any] = json.loads(header.metadata["config"])
        config["transformer"].keys()
        config["vae"].keys()
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise ExportError(
            f"{where} has no config of transformer and vae in its metadata, and may be of any "
            "version: take the file that Lightricks published"
        ) from error
    return config


def transformer_config(header: Header, config: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the config of `LTXVideoTransformer3DModel`.

    Raises:
        ExportError: the model computes otherwise than those from 0.9.5 on.
    """
    stated = config["transformer"]
    _require(stated, _TRANSFORMER, f"{where}: transformer")
    if not stated.get("causal_temporal_positioning"):
        raise ExportError(
            f"{where}: its positions are not causal, as in LTX-Video 0.9.1 and before: take 0.9.5 "
            "or later"
        )
    keys = transformer_keys(header.tensors)
    width, channels = _shape(header, keys, "proj_in.weight", where)
    heads = stated.get("num_attention_heads")
    if not heads or width % heads:
        raise ExportError(f"{where}: num_attention_heads is {heads}, no divisor of {width}")
    return {
        "in_channels": channels,
        "out_channels": _shape(header, keys, "proj_out.weight", where)[0],
        "num_attention_heads": heads,
        "attention_head_dim": width // heads,
        "cross_attention_dim": width,
        "num_layers": count_numbers(keys, "transformer_blocks.{}."),
        "caption_channels": _shape(header, keys, "caption_projection.linear_1.weight", where)[1],
    }


def vae_config(header: Header, config: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the config of `AutoencoderKLLTXVideo`.

    Raises:
        ExportError: the VAE is laid out otherwise than those from 0.9.5 on.
    """
    stated = config["vae"]
    _require(stated, _VAE, f"{where}: vae")
    _require_blocks(stated, where)
    keys = vae_keys(header.tensors)

    def channels(name: str, axis: int) -> int:
        return _shape(header, keys, name, where)[axis]

    down = [
        channels(f"encoder.down_blocks.{block}.downsamplers.0.conv.conv.weight", 0) * _STRIDES[name]
        for block, name in enumerate(_DOWN_BLOCKS)
    ]
    up = [
        channels(f"decoder.up_blocks.{block}.upsamplers.0.conv.conv.weight", 1)
        for block in range(_UP_BLOCKS)
    ]
    encoder = [f"encoder.down_blocks.{block}" for block in range(len(down))]
    decoder = [f"decoder.up_blocks.{block}" for block in range(_UP_BLOCKS)]
    return VAE_LAYOUT | {
        "latent_channels": channels("decoder.conv_in.conv.weight", 1),
        "block_out_channels": (channels("encoder.conv_in.conv.weight", 0), *down),
        "layers_per_block": _layers(keys, [*encoder, "encoder.mid_block"]),
        # diffusers' decoder reads its lists from the end.
        "decoder_block_out_channels": tuple(reversed(up)),
        "decoder_layers_per_block": _layers(keys, ["decoder.mid_block", *decoder])[::-1],
    }


def allowed_levels(config: dict[str, Any]) -> tuple[float, ...] | None:
    """Return the noise levels that the model may be called with; None: any."""
    levels = config.get("allowed_inference_steps")
    return None if levels is None else tuple(map(float, levels))


def require_schedule(config: dict[str, Any], where: str) -> None:
    """Raise ExportError unless noise levels fall as `LTXConditionPipeline` lets them fall.

    Given levels are those whatever the scheduler says.
    """
    if allowed_levels(config) is None:
        expected = {"sampler": "LinearQuadratic", "shifting": None}
        _require(config.get("scheduler") or {}, expected, f"{where}: scheduler")


def _require(stated: dict[str, Any], expected: dict[str, Any], where: str) -> None:
    for name, value in expected.items():
        if (found := stated.get(name, value)) != value:
            raise ExportError(f"{where}: {name} is {found}, expected {value}")


def _require_blocks(stated: dict[str, Any], where: str) -> None:
    down = ["res_x", *(name for block in _DOWN_BLOCKS for name in (block, "res_x"))]
    found = [name for name, _ in _blocks(stated, "encoder_blocks", where)]
    if found != down:
        raise ExportError(f"{where}: vae: encoder_blocks are {found}, expected {down}")
    up = ["res_x", *["compress_all", "res_x"] * _UP_BLOCKS]
    blocks = [
        (name, of if isinstance(of, dict) else {})
        for name, of in _blocks(stated, "decoder_blocks", where)
    ]
    if [name for name, _ in blocks] != up:
        raise ExportError(f"{where}: vae: decoder_blocks are {blocks}, expected {up}")
    for name, of in blocks:
        plain = of.get("residual") is not True or of.get("multiplier") != 2
        if name == "compress_all" and plain:
            raise ExportError(f"{where}: vae: {name} has {of}, expected residual and multiplier 2")
        if of.get("inject_noise"):
            raise ExportError(f"{where}: vae: {name} injects noise, expected none")


def _blocks(stated: dict[str, Any], name: str, where: str) -> list[tuple[Any, Any]]:
    blocks = stated.get(name)
    if isinstance(blocks, list):
        pairs = [tuple(block) for block in blocks if isinstance(block, list) and len(block) == 2]
        if len(pairs) == len(blocks):
            return [(kind, of) for kind, of in pairs]
    raise ExportError(f"{where}: vae: {name} is {blocks}, expected pairs of a name and settings")


def _layers(keys: dict[str, str], blocks: list[str]) -> tuple[int, ...]:
    return tuple(count_numbers(keys, block + ".resnets.{}.") for block in blocks)


def _shape(header: Header, keys: dict[str, str], name: str, where: str) -> tuple[int, ...]:
    if name not in keys:
        raise ExportError(f"{where} has no weight {name}")
    return header.tensors[keys[name]].shape
