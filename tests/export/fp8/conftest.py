"""The FP8 transformer of the tiny checkpoint, opened."""

from pathlib import Path

import onnx_ir
import pytest

from export.fp8.record import Record
from ltx_triton.contract import TRANSFORMER
from tests.export.engines import model_file


@pytest.fixture
def fp8_file(fp8_repository: Path) -> Path:
    return model_file(fp8_repository, TRANSFORMER)


@pytest.fixture
def record(fp8_file: Path) -> Record:
    return Record.load(fp8_file.parent)


@pytest.fixture
def graph(fp8_file: Path) -> onnx_ir.Graph:
    return onnx_ir.load(fp8_file).graph
