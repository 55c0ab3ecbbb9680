"""A tiny random checkpoint and its export, made once."""

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from export.checkpoint import Checkpoint, open_checkpoint
from export.random_checkpoint import write_random_checkpoint
from export.run import ExportOptions, export
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline_config import PipelineConfig

transformers.logging.disable_progress_bar()


@pytest.fixture(scope="session")
def bf16_checkpoint_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BF16 weights in several files of about 1 MB."""
    folder = tmp_path_factory.mktemp("checkpoints") / "bf16"
    layers = {"num_layers": 2}
    write_random_checkpoint(
        folder, seed=1, transformer=layers, dtype=torch.bfloat16, shard_bytes=1_000_000
    )
    return folder


@pytest.fixture(scope="session")
def checkpoint_folder(bf16_checkpoint_folder: Path) -> Path:
    """The same values in FP32, one file for each component."""
    folder = bf16_checkpoint_folder.parent / "fp32"
    write_random_checkpoint(folder, seed=1, transformer={"num_layers": 2})
    for file in folder.glob("*/*.safetensors"):
        weights: dict[str, torch.Tensor] = {}
        for shard in (bf16_checkpoint_folder / file.parent.name).glob("*.safetensors"):
            weights |= {name: tensor.float() for name, tensor in load_file(shard).items()}
        save_file(weights, file, metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="session")
def checkpoint(checkpoint_folder: Path) -> Checkpoint:
    return open_checkpoint(str(checkpoint_folder), None)


@pytest.fixture(scope="session")
def repository(checkpoint_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model repository with the FP32 checkpoint's export."""
    output = tmp_path_factory.mktemp("model_repository") / "new"
    export(ExportOptions(model=str(checkpoint_folder), output=output, name="tiny"))
    return output


@pytest.fixture(scope="session")
def config(repository: Path) -> PipelineConfig:
    return PipelineConfig.load(repository / LTX_VIDEO.name / "1")


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)
