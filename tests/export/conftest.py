"""The tiny checkpoint in lower precisions."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import onnx_ir
import pytest

from export.checkpoint.open import open_checkpoint
from export.fp8.calibrate import calibrate
from export.fp8.record import Record, prompts
from export.options import ExportOptions
from export.precision import Precision
from export.random.t5_file import Kind, write_random_t5_file
from export.run import export
from ltx_triton.contract import TRANSFORMER
from ltx_triton.repository.layout import version_folder
from tests.conftest import MakeOnce
from tests.export.engines import model_file
from tests.export.hub import Hub, local_hub


@pytest.fixture(scope="session")
def fp8_repository(checkpoint_folder: Path, make_once: MakeOnce) -> Path:
    """The same checkpoint exported in FP8, calibrated with four prompts to save time."""

    def calibrate_and_export(folder: Path) -> None:
        record_folder = version_folder(folder, TRANSFORMER)
        record_folder.mkdir(parents=True)
        few = prompts()[:4]
        checkpoint = open_checkpoint(str(checkpoint_folder), None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("export.fp8.calibrate.prompts", lambda: few)
            calibrate(checkpoint, checkpoint.sha256(), record_folder).save(record_folder)
        _export(Precision.FP8, checkpoint_folder, folder)

    return make_once(Precision.FP8, calibrate_and_export)


@pytest.fixture(scope="session")
def bf16_repository(checkpoint_folder: Path, make_once: MakeOnce) -> Path:
    return make_once(
        Precision.BF16, lambda folder: _export(Precision.BF16, checkpoint_folder, folder)
    )


@pytest.fixture(scope="session")
def int8_repository(checkpoint_folder: Path, make_once: MakeOnce) -> Path:
    return make_once(
        Precision.INT8,
        lambda folder: _export(Precision.INT8, checkpoint_folder, folder, for_cpu=False),
    )


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
    precision: Precision = request.param
    return make_once(precision, lambda folder: _export(precision, checkpoint_folder, folder))


def _export(
    precision: Precision, checkpoint_folder: Path, folder: Path, *, for_cpu: bool = True
) -> None:
    model = str(checkpoint_folder)
    export(ExportOptions(model=model, output=folder, precision=precision, for_cpu=for_cpu))


@pytest.fixture(scope="session")
def text_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text encoder in a file of each kind."""
    folder = tmp_path_factory.mktemp("text")
    for kind in get_args(Kind):
        write_random_t5_file(folder / f"{kind}.safetensors", kind, seed=1)
    return folder


@pytest.fixture
def hub(checkpoint_folder: Path) -> Iterator[Hub]:
    """A hub that has the tiny checkpoint."""
    with local_hub(checkpoint_folder) as running:
        yield running


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
