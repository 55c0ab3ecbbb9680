from pathlib import Path

import ml_dtypes
import numpy as np
import onnx_ir
from onnx_ir import DataType

from export.onnx.upcast import upcast
from ltx_triton.contract import TRANSFORMER
from tests.export.engines import model_file


def upcast_transformer(repository: Path) -> onnx_ir.Model:
    model = onnx_ir.load(model_file(repository, TRANSFORMER))
    upcast(model)
    return model


def test_weights_keep_their_rounded_values(narrow_repository: Path) -> None:
    upcast_model = upcast_transformer(narrow_repository)
    narrow = onnx_ir.load(model_file(narrow_repository, TRANSFORMER))
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


def test_nothing_narrow_is_left(narrow_repository: Path) -> None:
    model = upcast_transformer(narrow_repository)
    types = {value.dtype for value in model.graph.initializers.values()}
    types |= {output.dtype for node in model.graph for output in node.outputs}
    assert DataType.FLOAT in types
    assert not types & {DataType.FLOAT16, DataType.BFLOAT16}


def test_fp8_is_left_alone(fp8_repository: Path) -> None:
    model = upcast_transformer(fp8_repository)
    types = [value.dtype for value in model.graph.initializers.values()]
    assert types.count(DataType.FLOAT8E4M3FN) > 10
    assert {node.op_type for node in model.graph} > {"QuantizeLinear", "DequantizeLinear"}


def test_fp32_graphs_are_left_alone(repository: Path) -> None:
    file = model_file(repository, TRANSFORMER)
    before = onnx_ir.to_proto(onnx_ir.load(file))
    assert onnx_ir.to_proto(upcast_transformer(repository)) == before
