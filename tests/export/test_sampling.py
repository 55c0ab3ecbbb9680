import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from export.errors import ExportError
from export.options import ExportOptions
from export.random.single_file import metadata_config, random_modules, write_random_single_file
from export.sampling import pipeline_config
from ltx_triton.pipeline.config import PipelineConfig


def settings(model: Path, text: Path, tokenizer: Path, **options: Any) -> PipelineConfig:
    given = ExportOptions(
        str(model), model, text_encoder=str(text), tokenizer=str(tokenizer), **options
    )
    return pipeline_config(given.sources.open(), given)


@pytest.mark.parametrize(
    ("version", "steps", "guidance_scale", "stochastic"),
    [
        ("0.9.6-distilled", 8, 1, True),
        ("0.9.6-dev", 40, 3, False),
        ("0.9.8-distilled", 8, 1, False),
    ],
)
def test_settings_are_the_versions(
    version: str,
    steps: int,
    guidance_scale: float,
    stochastic: bool,
    text_files: Path,
    checkpoint_folder: Path,
    tmp_path: Path,
) -> None:
    file = tmp_path / f"ltxv-2b-{version}.safetensors"
    config = metadata_config(random_modules(), version)
    write_random_single_file(file, config=config)
    found = settings(file, text_files / "fp16.safetensors", checkpoint_folder)
    assert (found.num_inference_steps, found.guidance_scale) == (steps, guidance_scale)
    assert found.stochastic_sampling == stochastic
    assert (found.decode_timestep, found.decode_noise_scale) == (0.05, 0.025)
    assert (found.model_name, found.caption_channels) == (file.stem, 64)
    assert (len(found.sigmas) < 8) == (version == "0.9.8-distilled")


def test_options_come_before_the_versions_settings(
    text_files: Path, checkpoint_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.safetensors"
    write_random_single_file(file)
    sources = (file, text_files / "fp16.safetensors", checkpoint_folder)
    with pytest.raises(ExportError, match="mine does not say its version"):
        settings(*sources)
    given: dict[str, Any] = {"num_inference_steps": 1, "decode_timestep": 0.1}
    found = settings(*sources, checkpoint_version="0.9.6-dev", **given)
    assert (found.num_inference_steps, found.decode_timestep, found.guidance_scale) == (1, 0.1, 3)
    with pytest.raises(ExportError, match="--num-inference-steps 9 has no schedule; expected one"):
        settings(*sources, checkpoint_version="0.9.8-distilled", num_inference_steps=9)


def test_a_version_of_other_steps_than_the_files_is_named(
    text_files: Path, checkpoint_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "ltxv-2b-0.9.8-distilled.safetensors"
    write_random_single_file(file)
    sources = (file, text_files / "fp16.safetensors", checkpoint_folder)
    expected = r"is not 0\.9\.5, which takes 40 steps: its levels are 1, 0\.9937, .* for 1, .*8 s"
    with pytest.raises(ExportError, match=expected):
        settings(*sources, checkpoint_version="0.9.5")


def test_a_folders_scheduler_may_be_stochastic(checkpoint_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoint_folder, tmp_path / "folder")
    scheduler = folder / "scheduler" / "scheduler_config.json"
    config = json.loads(scheduler.read_text())
    scheduler.write_text(json.dumps(config | {"stochastic_sampling": True}))
    assert settings(folder, folder, folder).stochastic_sampling
