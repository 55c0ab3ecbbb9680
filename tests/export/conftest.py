"""The tiny checkpoint in lower precisions."""

from pathlib import Path

import numpy as np
import pytest

from export.fp8.record import prompts
from export.precision import Precision
from export.run import ExportOptions, export
from tests.conftest import MakeOnce


@pytest.fixture(scope="session")
def fp8_repository(checkpoint_folder: Path, make_once: MakeOnce) -> Path:
    """The same checkpoint exported in FP8, calibrated with four prompts to save time."""
    few = prompts()[:4]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("export.fp8.calibrate.prompts", lambda: few)
        return _export(Precision.FP8, checkpoint_folder, make_once)


@pytest.fixture(scope="session", params=[Precision.FP16, Precision.BF16, Precision.FP8], ids=str)
def narrow_repository(
    request: pytest.FixtureRequest,
    checkpoint_folder: Path,
    make_once: MakeOnce,
) -> Path:
    """The same checkpoint exported in FP16, in BF16 and in FP8."""
    if request.param is Precision.FP8:
        repository: Path = request.getfixturevalue("fp8_repository")
        return repository
    return _export(request.param, checkpoint_folder, make_once)


def _export(precision: Precision, checkpoint_folder: Path, make_once: MakeOnce) -> Path:
    def make(folder: Path) -> None:
        export(ExportOptions(model=str(checkpoint_folder), output=folder, precision=precision))

    return make_once(precision, make)


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)
