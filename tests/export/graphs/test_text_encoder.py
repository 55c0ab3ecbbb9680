from pathlib import Path

import numpy as np

from export.checkpoint.folder import FolderCheckpoint
from export.verification.reference import text_encoder
from export.verification.verify import difference, run
from ltx_triton.contract import TEXT_ENCODER
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import SIZES, batched_and_single, differences_to_pytorch, draw, model_file


def test_engine_matches_transformers(
    repository: Path, checkpoint: FolderCheckpoint, config: PipelineConfig
) -> None:
    for found in differences_to_pytorch(TEXT_ENCODER, repository, checkpoint, config):
        assert found.relative < 1e-5


def test_distant_tokens_share_buckets_as_in_transformers(
    repository: Path, checkpoint: FolderCheckpoint, config: PipelineConfig
) -> None:
    sizes = {**SIZES[0], "tokens": 400}  # beyond the largest distance that has its own bucket
    batch = draw(TEXT_ENCODER, config, checkpoint, sizes, 1, np.random.default_rng(0))
    (expected,) = text_encoder(checkpoint, config, [batch])
    (actual,) = run(model_file(repository, TEXT_ENCODER), [batch])
    assert difference(actual, expected).relative < 1e-5


def test_each_text_of_a_batch_is_encoded_as_if_alone(
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    batch = draw(TEXT_ENCODER, config, checkpoint, SIZES[3], 8, generator)
    together, alone = batched_and_single(model_file(repository, TEXT_ENCODER), batch)
    assert difference(together, alone).relative < 1e-5


def test_padding_does_not_change_the_real_tokens(
    repository: Path, generator: np.random.Generator
) -> None:
    length = 11
    padded = np.zeros((1, 256), np.int32)
    padded[:, :length] = generator.integers(3, 200, length)
    mask = (np.arange(256)[None] < length).astype(np.int32)
    full = {"input_ids": padded, "attention_mask": mask}
    trimmed = {name: array[:, :length] for name, array in full.items()}
    with_padding, without = run(model_file(repository, TEXT_ENCODER), [full, trimmed])
    assert difference(with_padding[:, :length], without).relative < 1e-6
