import pytest
import torch
from diffusers.loaders.single_file_utils import (
    convert_ltx_transformer_checkpoint_to_diffusers,
    convert_ltx_vae_checkpoint_to_diffusers,
)

from export.checkpoint.single_file_names import transformer_keys, vae_keys
from export.random.single_file import SIZES, keys, random_modules

COUNTS = {"2b": {"transformer": 715, "vae": 226}, "13b": {"transformer": 1215, "vae": 226}}
DIFFUSERS = {
    "transformer": convert_ltx_transformer_checkpoint_to_diffusers,
    "vae": convert_ltx_vae_checkpoint_to_diffusers,
}


@pytest.mark.slow
@pytest.mark.parametrize("part", DIFFUSERS)
@pytest.mark.parametrize("size", COUNTS)
def test_every_weight_of_the_true_sizes_is_found_where_diffusers_finds_it(
    size: str, part: str
) -> None:
    module = random_modules(**SIZES[size])[part]
    named = keys(module, part)
    weights = module.state_dict()
    # A tensor for each key, by which it is known again.
    stored = {key: torch.empty(weights[name].shape, device="meta") for name, key in named}
    stored |= {"vae.per_channel_statistics.mean-of-stds": torch.empty(1)} if part == "vae" else {}
    expected = DIFFUSERS[part](dict(stored))

    found = {"transformer": transformer_keys, "vae": vae_keys}[part](stored)

    assert len(found) == COUNTS[size][part]
    assert found.keys() == weights.keys() == expected.keys()
    assert all(stored[key] is expected[name] for name, key in found.items())
    assert all(expected[name].shape == weights[name].shape for name in found)


def test_parts_leave_out_the_others_keys_and_statistics_that_no_model_reads() -> None:
    names = ["channel", "mean-of-stds", "mean-of-stds_over_std-of-means", "mean-of-means", "other"]
    stored = [f"vae.per_channel_statistics.{name}" for name in names]
    assert set(vae_keys([*stored, "unknown"])) == {"latents_mean", "per_channel_statistics.other"}
    assert transformer_keys([*stored, "unknown"]) == {"unknown": "unknown"}
