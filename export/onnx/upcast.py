"""Upcast graphs of lower precision, for runtimes that compute in FP32 only."""

import numpy as np
import onnx_ir
from onnx_ir import DataType

_NARROW = {DataType.FLOAT16, DataType.BFLOAT16}


def upcast(model: onnx_ir.Model) -> None:
    """Put FP32 in place of FP16 and BF16 in a graph; weights keep their rounded values.

    FP8 stays: values are rounded to it, but no arithmetic uses it.
    """
    narrow = [value for value in model.graph.initializers.values() if value.dtype in _NARROW]
    for value in narrow:
        value.const_value = _upcast(value)
        value.dtype = DataType.FLOAT
    for node in model.graph:
        target = node.attributes.get("to")
        if node.op_type == "Cast" and target is not None and target.as_int() in _NARROW:
            node.attributes["to"] = onnx_ir.AttrInt64("to", DataType.FLOAT)
        for output in node.outputs:
            if output.dtype in _NARROW:
                output.dtype = DataType.FLOAT


def _upcast(value: onnx_ir.Value) -> onnx_ir.LazyTensor:
    """Upcast lazily, to hold one tensor in memory at a time."""
    narrow = value.const_value
    if narrow is None:
        raise ValueError(f"initializer {value.name} has no values")

    def values() -> onnx_ir.TensorProtocol:
        array = narrow.numpy().astype(np.float32)
        if isinstance(narrow, onnx_ir.ExternalTensor):
            narrow.release()  # or the mapped file counts towards this process's memory
        return onnx_ir.tensor(array, name=value.name)

    return onnx_ir.LazyTensor(
        values,
        dtype=DataType.FLOAT,
        shape=onnx_ir.Shape(narrow.shape.numpy()),
        name=value.name,
    )
