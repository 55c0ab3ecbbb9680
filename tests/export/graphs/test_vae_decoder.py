import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.open import open_checkpoint
from export.errors import ExportError
from export.graphs.vae_decoder import build, vae_scale_factors
from export.precision import Precision
from export.verification.reference import vae_decoder
from export.verification.verify import difference, run
from ltx_triton.contract import VAE_DECODER
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import SIZES, batched_and_single, differences_to_pytorch, draw, model_file


def test_every_pixel_is_within_one_of_diffusers(
    repository: Path, checkpoint: FolderCheckpoint, config: PipelineConfig
) -> None:
    for found in differences_to_pytorch(VAE_DECODER, repository, checkpoint, config):
        assert found.absolute <= 1


def test_almost_every_pixel_is_equal(
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    batch = draw(VAE_DECODER, config, checkpoint, SIZES[1], 8, generator)
    (expected,) = vae_decoder(checkpoint, config, [batch])
    (actual,) = run(model_file(repository, VAE_DECODER), [batch])
    assert (actual != expected).mean() < 1e-3
    assert actual.std() > 10


def test_each_video_of_a_batch_is_decoded_as_if_alone(
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    batch = draw(VAE_DECODER, config, checkpoint, SIZES[2], 8, generator)
    together, alone = batched_and_single(model_file(repository, VAE_DECODER), batch)
    assert difference(together, alone).absolute <= 1


def test_noise_is_mixed_in(
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    generator: np.random.Generator,
) -> None:
    batch = draw(VAE_DECODER, config, checkpoint, SIZES[0], 8, generator)
    other = {**batch, "noise": -batch["noise"]}
    first, second = run(model_file(repository, VAE_DECODER), [batch, other])
    assert (first != second).any()


def test_compression_is_32_by_32_by_8(checkpoint: FolderCheckpoint) -> None:
    assert vae_scale_factors(checkpoint) == (32, 8)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"decoder_causal": True}, r"stride=\(2, 2, 2\), causal=True"),
        ({"decoder_spatio_temporal_scaling": [False, True, True]}, "found no upsampler"),
    ],
)
def test_a_decoder_that_cannot_be_taken_apart_is_refused(
    checkpoint: FolderCheckpoint, tmp_path: Path, changes: dict[str, Any], found: str
) -> None:
    shutil.copytree(checkpoint.folder, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "vae" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | changes))

    with pytest.raises(ExportError, match=found):
        build(open_checkpoint(str(tmp_path), None), Precision.FP32, 0.05, 0.025)
