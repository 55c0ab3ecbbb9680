from pathlib import Path

import onnx
import pytest

from export.tensorrt.layer_types import PRECISIONS
from export.tensorrt.opset17 import to_opset_17
from ltx_triton.contract import ENGINES, ModelContract
from tests.export.engines import model_file
from tests.export.tensorrt.operators import TENSORRT_8, TENSORRT_10, not_supported


def load(file: Path) -> onnx.ModelProto:
    return onnx.load(file, load_external_data=False)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_tensorrt_10_documents_every_operator(repository: Path, engine: ModelContract) -> None:
    assert list(not_supported(load(model_file(repository, engine)), TENSORRT_10)) == []


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_tensorrt_10_documents_every_operator_of_other_precisions(
    narrow_repository: Path, engine: ModelContract
) -> None:
    assert list(not_supported(load(model_file(narrow_repository, engine)), TENSORRT_10)) == []


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_tensorrt_8_documents_every_operator_of_fp32(
    repository: Path, engine: ModelContract
) -> None:
    model = onnx.load_from_string(to_opset_17(model_file(repository, engine)))

    assert list(not_supported(model, TENSORRT_8)) == []


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_tensorrt_8_documents_every_operator_of_fp16(
    narrow_repository: Path, engine: ModelContract
) -> None:
    if narrow_repository.name not in PRECISIONS:
        pytest.skip("TensorRT 8.6 has no such precision")
    model = onnx.load_from_string(to_opset_17(model_file(narrow_repository, engine)))

    assert list(not_supported(model, TENSORRT_8)) == []


def test_what_is_not_documented_is_named(repository: Path) -> None:
    model = load(model_file(repository, ENGINES[0]))
    model.opset_import[0].version = 26
    model.graph.node[0].op_type = "Hypot"
    model.graph.node[0].name = "first"

    found = list(not_supported(model, TENSORRT_10))

    assert found[0] == "opset  26"
    assert any(line.startswith("Hypot of ") for line in found)
