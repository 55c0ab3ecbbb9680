"""The tiny checkpoint and its export, opened."""

from pathlib import Path

import numpy as np
import pytest

from export.checkpoint import Checkpoint, open_checkpoint
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline_config import PipelineConfig


@pytest.fixture(scope="session")
def checkpoint(checkpoint_folder: Path) -> Checkpoint:
    return open_checkpoint(str(checkpoint_folder), None)


@pytest.fixture(scope="session")
def config(repository: Path) -> PipelineConfig:
    return PipelineConfig.load(repository / LTX_VIDEO.name / "1")


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)
