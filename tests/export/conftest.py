"""The tiny checkpoint in lower precisions."""

from pathlib import Path

import numpy as np
import pytest

from export.precision import Precision
from export.run import ExportOptions, export


@pytest.fixture(scope="session", params=[Precision.FP16, Precision.BF16], ids=str)
def narrow_repository(
    request: pytest.FixtureRequest,
    checkpoint_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The same checkpoint exported in FP16 and in BF16."""
    precision: Precision = request.param
    folder = tmp_path_factory.mktemp("engines") / precision
    export(ExportOptions(model=str(checkpoint_folder), output=folder, precision=precision))
    return folder


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)
