from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import LTXConditionPipeline
from safetensors.torch import load_file
from transformers import AutoTokenizer

from export.random.checkpoint import write_random_checkpoint


def weight_bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.safetensors")
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("first", 7), ("second", 7), ("other", 8)):
        write_random_checkpoint(tmp_path / name, seed)
    first = weight_bytes(tmp_path / "first")
    assert len(first) == 3
    assert weight_bytes(tmp_path / "second") == first
    assert all(weight_bytes(tmp_path / "other")[name] != content for name, content in first.items())


def test_reference_pipeline_loads_it_and_makes_a_video(tmp_path: Path) -> None:
    write_random_checkpoint(tmp_path)
    pipeline = LTXConditionPipeline.from_pretrained(tmp_path)
    pipeline.set_progress_bar_config(disable=True)
    video = pipeline(
        prompt="a red fish",
        height=64,
        width=64,
        num_frames=9,
        num_inference_steps=2,
        guidance_scale=1.0,
        decode_timestep=0.05,
        decode_noise_scale=0.025,
        output_type="np",
    ).frames[0]
    assert video.shape == (9, 64, 64, 3)
    assert np.isfinite(video).all()
    assert video.std() > 0.1


def test_denormalisation_is_not_trivial(tmp_path: Path) -> None:
    write_random_checkpoint(tmp_path)
    vae = load_file(tmp_path / "vae" / "diffusion_pytorch_model.safetensors")
    assert vae["latents_mean"].std() > 0.1
    assert vae["latents_std"].std() > 0.1
    assert vae["latents_std"].min() > 0


def test_tokenizer_splits_unknown_words_and_ends_the_text(tmp_path: Path) -> None:
    write_random_checkpoint(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "tokenizer")
    unknown = tokenizer.convert_tokens_to_ids("<unk>")
    ids = tokenizer("Xylophonist Zürich, 24fps!").input_ids
    assert unknown not in ids
    assert ids[-1] == tokenizer.eos_token_id == 1
    assert tokenizer.pad_token_id == 0
    assert unknown in tokenizer("猫").input_ids


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_sizes_types_and_shards_can_be_chosen(dtype: torch.dtype, tmp_path: Path) -> None:
    write_random_checkpoint(
        tmp_path, transformer={"num_layers": 1}, dtype=dtype, shard_bytes=500_000
    )
    shards = sorted((tmp_path / "transformer").glob("*.safetensors"))
    assert len(shards) > 1
    weights = {name: tensor for shard in shards for name, tensor in load_file(shard).items()}
    assert {tensor.dtype for tensor in weights.values()} == {dtype}
    assert not any(name.startswith("transformer_blocks.1.") for name in weights)
