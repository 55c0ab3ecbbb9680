from pathlib import Path

import ml_dtypes
import numpy as np
import onnx_ir
from onnx_ir import DataType

from export.onnx.upcast import upcast
from ltx_triton.contract import TRANSFORMER
from tests.export.engines import model_file


def test_weights_keep_their_rounded_values(narrow_repository: Path, tmp_path: Path) -> None:
    file = model_file(narrow_repository, TRANSFORMER)
    upcast_model = onnx_ir.load(upcast(file, tmp_path))
    narrow = onnx_ir.load(file)
    compared = 0
    for name, value in narrow.graph.initializers.items():
        other = upcast_model.graph.initializers[name]
        assert value.const_value is not None
        assert other.const_value is not None
        np.testing.assert_array_equal(
            other.const_value.numpy(),
            value.const_value.numpy().astype(other.const_value.numpy().dtype),
        )
        compared += value.const_value.numpy().dtype in (np.float16, ml_dtypes.bfloat16)
    assert compared > 50


def test_nothing_narrow_is_left(narrow_repository: Path, tmp_path: Path) -> None:
    upcast_model = onnx_ir.load(upcast(model_file(narrow_repository, TRANSFORMER), tmp_path))
    types = {value.dtype for value in upcast_model.graph.initializers.values()}
    types |= {output.dtype for node in upcast_model.graph for output in node.outputs}
    assert DataType.FLOAT in types
    assert not types & {DataType.FLOAT16, DataType.BFLOAT16}


def test_fp8_is_left_alone(fp8_repository: Path, tmp_path: Path) -> None:
    upcast_model = onnx_ir.load(upcast(model_file(fp8_repository, TRANSFORMER), tmp_path))
    types = [value.dtype for value in upcast_model.graph.initializers.values()]
    assert types.count(DataType.FLOAT8E4M3FN) > 10
    assert {node.op_type for node in upcast_model.graph} > {"QuantizeLinear", "DequantizeLinear"}


def test_inputs_of_fp8_linears_may_stay_as_they_are(fp8_repository: Path, tmp_path: Path) -> None:
    file = model_file(fp8_repository, TRANSFORMER)
    upcast_model = onnx_ir.load(upcast(file, tmp_path, quantized_inputs=False))
    operators = [node.op_type for node in upcast_model.graph]
    assert "QuantizeLinear" not in operators
    assert operators.count("DequantizeLinear") > 10
    assert all(value.uses() for value in upcast_model.graph.initializers.values())


def test_fp32_graphs_are_left_alone(repository: Path, tmp_path: Path) -> None:
    file = model_file(repository, TRANSFORMER)
    assert upcast(file, tmp_path) == file
    assert list(tmp_path.iterdir()) == []
