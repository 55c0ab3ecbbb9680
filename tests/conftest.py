"""What every test may use: a tiny checkpoint, exported once for the whole run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import diffusers
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from export.checkpoint.folder import Checkpoint, open_checkpoint
from export.random.checkpoint import write_random_checkpoint
from export.run import ExportOptions, export
from frontend.local.service import local_frontend
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.assemble import assemble
from ltx_triton.repository.layout import version_folder

DEMO_ENGINES = Path(__file__).parents[1] / "demo" / "engines"

diffusers.logging.set_verbosity_error()
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
def demo_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model repository with the engines that this repository ships."""
    folder = tmp_path_factory.mktemp("demo_repository")
    shutil.copytree(DEMO_ENGINES, folder, dirs_exist_ok=True)
    assemble(folder)
    return folder


@pytest.fixture(scope="session")
def repository(checkpoint_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model repository with the FP32 checkpoint's export."""
    folder = tmp_path_factory.mktemp("model_repository")
    export(ExportOptions(model=str(checkpoint_folder), output=folder, name="hub/tiny"))
    return folder


@pytest.fixture(scope="session")
def checkpoint(checkpoint_folder: Path) -> Checkpoint:
    return open_checkpoint(str(checkpoint_folder), None)


@pytest.fixture(scope="session")
def config(repository: Path) -> PipelineConfig:
    return PipelineConfig.load(version_folder(repository, LTX_VIDEO))


@pytest.fixture(scope="session")
def triton(repository: Path) -> Iterator[LocalTriton]:
    """A real Triton with the engines of the checkpoint, which compute as diffusers does."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CPU_PRECISION", "fp32")
        with LocalTriton(repository) as server:
            yield server


@pytest.fixture(scope="session")
def frontend(triton: LocalTriton, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of a real frontend before it, with the default settings."""
    with local_frontend(triton, tmp_path_factory.mktemp("frontend")) as running:
        yield running.url
