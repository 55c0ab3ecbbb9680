"""What every test may use: a tiny checkpoint, exported once for the whole run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from export.random_checkpoint import write_random_checkpoint
from export.run import ExportOptions, export
from ltx_triton.local_triton import LocalTriton
from ltx_triton.pipeline_config import MODEL_REPOSITORY


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random checkpoint in diffusers' format."""
    folder = tmp_path_factory.mktemp("checkpoint") / "random"
    write_random_checkpoint(folder)
    return folder


@pytest.fixture(scope="session")
def repository(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the model repository that holds the engines of `checkpoint`."""
    folder = tmp_path_factory.mktemp("model_repository")
    generated = shutil.ignore_patterns("__pycache__", "model.onnx*", "model.plan", "*.json")
    shutil.copytree(MODEL_REPOSITORY, folder, dirs_exist_ok=True, ignore=generated)
    export(ExportOptions(model=str(checkpoint), output=folder))
    return folder


@pytest.fixture(scope="session")
def triton(repository: Path) -> Iterator[LocalTriton]:
    """A real Triton with the engines of `checkpoint`."""
    with LocalTriton(repository) as server:
        yield server
