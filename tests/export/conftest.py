"""The tiny checkpoint in lower precisions."""

from pathlib import Path

import numpy as np
import pytest

from export.fp8.record import prompts
from export.precision import Precision
from export.run import ExportOptions, export


@pytest.fixture(scope="session")
def fp8_repository(checkpoint_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same checkpoint exported in FP8, calibrated with four prompts to save time."""
    few = prompts()[:4]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("export.fp8.calibrate.prompts", lambda: few)
        return _export(Precision.FP8, checkpoint_folder, tmp_path_factory)


@pytest.fixture(scope="session", params=[Precision.FP16, Precision.BF16, Precision.FP8], ids=str)
def narrow_repository(
    request: pytest.FixtureRequest,
    checkpoint_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The same checkpoint exported in FP16, in BF16 and in FP8."""
    if request.param is Precision.FP8:
        repository: Path = request.getfixturevalue("fp8_repository")
        return repository
    return _export(request.param, checkpoint_folder, tmp_path_factory)


def _export(
    precision: Precision, checkpoint_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("engines") / precision
    export(ExportOptions(model=str(checkpoint_folder), output=folder, precision=precision))
    return folder


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)
