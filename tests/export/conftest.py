"""The tiny checkpoint in lower precisions."""

from pathlib import Path

import numpy as np
import onnx_ir
import pytest

from export.fp8.record import Record, prompts
from export.precision import Precision
from export.run import ExportOptions, export
from ltx_triton.contract import TRANSFORMER
from tests.conftest import MakeOnce
from tests.export.engines import model_file


@pytest.fixture(scope="session")
def fp8_repository(checkpoint_folder: Path, make_once: MakeOnce) -> Path:
    """The same checkpoint exported in FP8, calibrated with four prompts to save time."""
    few = prompts()[:4]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("export.fp8.calibrate.prompts", lambda: few)
        return _export(Precision.FP8, checkpoint_folder, make_once)


@pytest.fixture(scope="session")
def bf16_repository(checkpoint_folder: Path, make_once: MakeOnce) -> Path:
    return _export(Precision.BF16, checkpoint_folder, make_once)


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


@pytest.fixture
def fp8_file(fp8_repository: Path) -> Path:
    return model_file(fp8_repository, TRANSFORMER)


@pytest.fixture
def record(fp8_file: Path) -> Record:
    return Record.load(fp8_file.parent)


@pytest.fixture
def graph(fp8_file: Path) -> onnx_ir.Graph:
    """The FP8 transformer."""
    return onnx_ir.load(fp8_file).graph
