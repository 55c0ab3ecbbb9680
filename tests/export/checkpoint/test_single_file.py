import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKLLTXVideo, LTXVideoTransformer3DModel
from safetensors import safe_open
from safetensors.torch import save_file

from export.checkpoint.checkpoint import Part
from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.header import read_header
from export.checkpoint.pipeline import build_module
from export.checkpoint.single_file import SingleFile
from export.checkpoint.weights import read_weight
from export.errors import ExportError
from export.random.checkpoint import write_random_checkpoint
from export.random.single_file import write_random_single_file

# Channels of a head that its three axes leave over: 4 of 64 in the 2B, 2 of 128 in the 13B.
WIDTHS = {
    "2b": {"num_attention_heads": 2, "attention_head_dim": 32, "cross_attention_dim": 64},
    "13b": {"num_attention_heads": 4, "attention_head_dim": 32, "cross_attention_dim": 128},
}
# diffusers knows the VAE by the width of its encoder. Without resnets there, it stays small.
VAE: dict[str, Any] = {
    "block_out_channels": (16, 16, 32, 32, 2048),
    "layers_per_block": (1, 2, 1, 1, 0),
    "decoder_layers_per_block": (1, 2, 1, 3),
}


def opened(file: Path) -> SingleFile:
    part = SingleFile(file, read_header(file))
    part.require_layout()
    return part


def state(part: Part, component: str) -> dict[str, torch.Tensor]:
    sources = part.weights(component)
    return {name: read_weight(source, torch.float32) for name, source in sources.items()}


def entries(config: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in config.items()
        if not name.startswith("_")
    }


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_and_configs_are_those_that_diffusers_loads(
    width: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    transformer = WIDTHS[width]
    inner = transformer["num_attention_heads"] * transformer["attention_head_dim"]
    assert inner % 6 == {"2b": 4, "13b": 2}[width]
    file, folder = tmp_path / "model.safetensors", tmp_path / "folder"
    write_random_single_file(file, transformer=transformer, vae=VAE, dtype=dtype)
    write_random_checkpoint(folder, transformer=transformer, vae=VAE, dtype=dtype)
    part = opened(file)
    kinds = {"transformer": LTXVideoTransformer3DModel, "vae": AutoencoderKLLTXVideo}
    for component, kind in kinds.items():
        loaded = kind.from_single_file(
            str(file), config=str(folder), subfolder=component, torch_dtype=torch.float32
        )
        expected = loaded.state_dict()
        actual = state(part, component)
        assert actual.keys() == expected.keys()
        assert all(torch.equal(actual[name], expected[name]) for name in expected)
        in_folder = state(FolderCheckpoint(folder), component)
        assert all(torch.equal(actual[name], in_folder[name]) for name in expected)
        built: Any = build_module(part, component)
        assert entries(built.config) == entries(loaded.config)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("single") / "ltxv-2b-0.9.8-distilled.safetensors"
    write_random_single_file(file, transformer={"num_layers": 1})
    return file


Tensors = dict[str, torch.Tensor]


@pytest.fixture
def changed(whole: Path, tmp_path: Path) -> Callable[..., Path]:
    """Writes a copy with other tensors or metadata."""

    def write(
        tensors: Callable[[Tensors], Tensors] = lambda tensors: tensors,
        config: Callable[[dict[str, Any]], object] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Path:
        with safe_open(whole, framework="pt") as stored:
            content = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
            found = dict(stored.metadata())
        if config is not None:
            changed = json.loads(found["config"])
            config(changed)
            found["config"] = json.dumps(changed)
        file = tmp_path / "changed.safetensors"
        save_file(tensors(content), file, metadata=found if metadata is None else metadata)
        return file

    return write


def without(part: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {key: value for key, value in tensors.items() if part not in key}


def in_fp8(tensors: Tensors) -> Tensors:
    return {
        key: value.to(torch.float8_e4m3fn) if ".attn1.to_q.weight" in key else value
        for key, value in tensors.items()
    }


def with_noise(tensors: Tensors) -> Tensors:
    return tensors | {"vae.decoder.up_blocks.0.res_blocks.0.per_channel_scale1": torch.ones(1, 1)}


def renamed_samplers(tensors: Tensors) -> Tensors:
    return {
        key.replace("down_blocks.1.conv.conv", "down_blocks.1.conv"): value
        for key, value in tensors.items()
    }


def as_lora(tensors: Tensors) -> Tensors:
    return {
        f"diffusion_model.transformer_blocks.0.attn1.to_q.lora_{half}.weight": torch.ones(2, 2)
        for half in "AB"
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("last_time_embedder"), r"is LTX-Video 0\.9\.0, whose VAE .*: take 0\.9\.5 or la"),
        (with_noise, r"is LTX-Video 0\.9\.1, whose VAE is another one: take 0\.9\.5 or later"),
        (renamed_samplers, r"is LTX-Video 0\.9\.1, whose VAE is another one: take 0\.9\.5 or la"),
        (
            in_fp8,
            "weights are in FP8, and may be rotated: take the BF16 file of the same",
        ),
        (without("vae."), r"has a transformer alone, .*: take a whole checkpoint, such as Lightr"),
        (without("model.diffusion_model"), r"has no transformer, as a VAE, .*: take a whole che"),
        (as_lora, r"has no transformer, as a VAE, an upscaler or a LoRA have none: take a whole"),
        (without("encoder.down_blocks.7"), r"has no weight encoder\.down_blocks\.3\.downsamplers"),
    ],
)
def test_other_files_are_refused_with_what_to_take_instead(
    change: Callable[[Tensors], Tensors], message: str, changed: Callable[..., Path]
) -> None:
    with pytest.raises(ExportError, match=rf"changed\.safetensors.*{message}"):
        opened(changed(change))


@pytest.mark.parametrize(
    ("part", "entries", "message"),
    [
        ("transformer", {"causal_temporal_positioning": False}, "not causal, .*: take 0.9.5 or"),
        ("transformer", {"causal_temporal_positioning": None}, "not causal, .*: take 0.9.5 or"),
        ("transformer", {"_class_name": "AVTransformer3DModel"}, "_class_name is AVTransformer3D"),
        ("transformer", {"positional_embedding_theta": 1.0}, "theta is 1.0, expected 10000.0"),
        ("transformer", {"positional_embedding_max_pos": [1, 2, 3]}, r"max_pos is \[1, 2, 3\], ex"),
        ("transformer", {"qk_norm": "layer_norm"}, "qk_norm is layer_norm, expected rms_norm"),
        ("transformer", {"num_attention_heads": 3}, "num_attention_heads is 3, no divisor of 128"),
        ("vae", {"timestep_conditioning": False}, "timestep_conditioning is False, expected True"),
        ("vae", {"causal_decoder": True}, "causal_decoder is True, expected False"),
        ("vae", {"encoder_blocks": [["res_x", 4]]}, r"encoder_blocks are \['res_x'\], expected"),
        ("vae", {"decoder_blocks": [["res_x", 4]]}, r"decoder_blocks are .*res_x.*, expected"),
        ("vae", {"encoder_blocks": ["res_x"]}, r"encoder_blocks is \['res_x'\], expected pairs of"),
        ("vae", {"decoder_blocks": {"res_x": 4}}, "decoder_blocks is .*, expected pairs of a name"),
        ("scheduler", {"shifting": "SD3"}, "scheduler: shifting is SD3, expected None"),
        ("scheduler", {"sampler": "Uniform"}, "sampler is Uniform, expected LinearQuadratic"),
    ],
)
def test_a_model_that_computes_otherwise_is_refused(
    part: str, entries: dict[str, Any], message: str, changed: Callable[..., Path]
) -> None:
    def change(config: dict[str, Any]) -> None:
        config[part] |= entries
        del config["allowed_inference_steps"]

    with pytest.raises(ExportError, match=message):
        opened(changed(config=change))


@pytest.mark.parametrize(
    ("entry", "message"),
    [("residual", "expected residual and multiplier 2"), ("inject_noise", "injects noise, exp")],
)
def test_a_decoder_of_other_blocks_is_refused(
    entry: str, message: str, changed: Callable[..., Path]
) -> None:
    def change(config: dict[str, Any]) -> None:
        for _, of in config["vae"]["decoder_blocks"]:
            if entry in of:
                of[entry] = not of[entry]

    with pytest.raises(ExportError, match=message):
        opened(changed(config=change))


@pytest.mark.parametrize("metadata", [{}, {"config": "{"}, {"config": '{"vae": {}}'}])
def test_a_file_without_config_is_refused(
    metadata: dict[str, str], changed: Callable[..., Path]
) -> None:
    with pytest.raises(ExportError, match=r"no config of .*: take the file that Lightricks publ"):
        opened(changed(metadata=metadata))


def test_given_levels_are_independent_of_the_scheduler(changed: Callable[..., Path]) -> None:
    file = changed(config=lambda config: config["scheduler"].update(sampler="Uniform"))
    assert opened(file).levels == (1.0, 0.9937, 0.9875, 0.9812, 0.975, 0.9094, 0.725, 0.4219)


def test_a_file_may_leave_out_the_prefix_and_the_unused_statistics(
    whole: Path, changed: Callable[..., Path]
) -> None:
    unused = ("statistics.channel", "mean-of-stds")
    file = changed(
        lambda tensors: {
            key.removeprefix("model.diffusion_model."): value
            for key, value in tensors.items()
            if not any(name in key for name in unused)
        }
    )
    for component in ("transformer", "vae"):
        names = opened(whole).weights(component).keys()
        assert opened(file).weights(component).keys() == names


@pytest.mark.parametrize("cut", [4, 100, -1])
def test_a_damaged_file_is_named(cut: int, whole: Path, tmp_path: Path) -> None:
    file = tmp_path / "damaged.safetensors"
    file.write_bytes(whole.read_bytes()[:cut])
    with pytest.raises(ExportError, match=r"damaged\.safetensors is damaged .*: fetch it again"):
        read_header(file)
