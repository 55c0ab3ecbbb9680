from pathlib import Path

import numpy as np
import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.verification.reference import transformer
from export.verification.verify import difference, run
from ltx_triton.contract import TRANSFORMER
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import SIZES, batched_and_single, differences_to_pytorch, draw, model_file


def test_engine_matches_diffusers(
    repository: Path, checkpoint: FolderCheckpoint, config: PipelineConfig
) -> None:
    for found in differences_to_pytorch(TRANSFORMER, repository, checkpoint, config):
        assert found.relative < 2e-5


def test_long_videos_at_low_frame_rates_match_diffusers(
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    sizes = {**SIZES[0], "frames": 31, "tokens": 8}  # rotary angles of tens of thousands of radians
    batch = draw(TRANSFORMER, config, checkpoint, sizes, 1, generator)
    batch["frame_rate"] = np.array([[5]], np.float32)
    (expected,) = transformer(checkpoint, config, [batch])
    (actual,) = run(model_file(repository, TRANSFORMER), [batch])
    assert difference(actual, expected).relative < 2e-5


def test_each_sample_of_a_batch_is_denoised_as_if_alone(
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    batch = draw(TRANSFORMER, config, checkpoint, SIZES[3], 8, generator)
    batch["frame_rate"] = np.array([[8], [12.5], [24], [60]], np.float32)
    assert len(np.unique(batch["sigma"])) == 4
    assert len(np.unique(batch["attention_mask"].sum(1))) > 1
    together, alone = batched_and_single(model_file(repository, TRANSFORMER), batch)
    assert difference(together, alone).relative < 1e-5


@pytest.mark.parametrize("name", ["sigma", "frame_rate", "prompt_embeds", "attention_mask"])
def test_every_input_matters(
    name: str,
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    batch = draw(TRANSFORMER, config, checkpoint, SIZES[1], 1, generator)
    batch["attention_mask"][:, :] = 1
    changed = dict(batch)
    changed[name] = batch[name] * np.array(0.9, batch[name].dtype)
    if name == "attention_mask":
        changed[name] = (np.arange(256)[None] < 5).astype(np.int32)
    first, second = run(model_file(repository, TRANSFORMER), [batch, changed])
    assert difference(first, second).relative > 1e-4


def test_a_step_to_the_same_noise_level_changes_nothing(
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    batch = draw(TRANSFORMER, config, checkpoint, SIZES[2], 8, generator)
    batch["sigma_next"] = batch["sigma"]
    (latents,) = run(model_file(repository, TRANSFORMER), [batch])
    np.testing.assert_array_equal(latents, batch["latents"])


def test_padding_of_the_text_changes_nothing(
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    length = 11
    batch = draw(TRANSFORMER, config, checkpoint, SIZES[1], 1, generator)
    batch["attention_mask"] = (np.arange(256)[None] < length).astype(np.int32)
    trimmed = dict(batch)
    for name in ("prompt_embeds", "attention_mask"):
        trimmed[name] = batch[name][:, :length]
    with_padding, without = run(model_file(repository, TRANSFORMER), [batch, trimmed])
    assert difference(with_padding, without).relative < 1e-5
