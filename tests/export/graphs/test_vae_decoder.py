from pathlib import Path

import numpy as np

from export.checkpoint.folder import Checkpoint
from export.graphs.vae_decoder import vae_scale_factors
from export.verification.reference import vae_decoder
from export.verification.verify import difference, random_inputs, run
from ltx_triton.contract import VAE_DECODER
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import SIZES, batched_and_single, differences_to_pytorch, model_file


def test_every_pixel_is_within_one_of_diffusers(
    repository: Path, checkpoint: Checkpoint, config: PipelineConfig
) -> None:
    for found in differences_to_pytorch(VAE_DECODER, repository, checkpoint, config):
        assert found.absolute <= 1


def test_almost_every_pixel_is_equal(
    repository: Path,
    checkpoint: Checkpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    batch = random_inputs(VAE_DECODER, config, checkpoint, SIZES[1], 8, generator)
    (expected,) = vae_decoder(checkpoint, config, [batch])
    (actual,) = run(model_file(repository, VAE_DECODER), [batch])
    assert (actual != expected).mean() < 1e-3
    assert actual.std() > 10


def test_each_video_of_a_batch_is_decoded_as_if_alone(
    repository: Path,
    checkpoint: Checkpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    batch = random_inputs(VAE_DECODER, config, checkpoint, SIZES[2], 8, generator)
    together, alone = batched_and_single(model_file(repository, VAE_DECODER), batch)
    assert difference(together, alone).absolute <= 1


def test_noise_is_mixed_in(
    repository: Path,
    checkpoint: Checkpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    batch = random_inputs(VAE_DECODER, config, checkpoint, SIZES[0], 8, generator)
    other = {**batch, "noise": -batch["noise"]}
    first, second = run(model_file(repository, VAE_DECODER), [batch, other])
    assert (first != second).any()


def test_compression_is_32_by_32_by_8(checkpoint: Checkpoint) -> None:
    assert vae_scale_factors(checkpoint) == (32, 8)
