from pathlib import Path

import pytest

from ltx_triton.pipeline.config import PipelineConfig, SizeLimit

CONFIG = PipelineConfig(
    model_name="test",
    checkpoint_sha256="0" * 64,
    precision="bf16",
    latent_channels=128,
    caption_channels=64,
    spatial_compression=32,
    temporal_compression=8,
    text_length=256,
    text_buckets=(32, 256),
    num_inference_steps=2,
    sigmas={2: (1.0, 0.5, 0.0)},
    decode_timestep=0.05,
    decode_noise_scale=0.025,
)


def test_is_read_as_it_was_written(tmp_path: Path) -> None:
    CONFIG.save(tmp_path)

    assert PipelineConfig.load(tmp_path) == CONFIG


def test_size_limits_are_read_as_they_were_written(tmp_path: Path) -> None:
    limited = CONFIG.model_copy(
        update={"size_limits": (SizeLimit(512, 512, 25), SizeLimit(64, 96, 257))}
    )
    limited.save(tmp_path)

    assert PipelineConfig.load(tmp_path) == limited


def test_a_missing_file_says_which_command_writes_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"pipeline\.json is missing: run `make export`"):
        PipelineConfig.load(tmp_path)
