"""Upcast graphs of lower precision, for runtimes that compute in FP32 only."""

from pathlib import Path

import numpy as np
import onnx_ir
from onnx_ir import DataType

from export.fp8.graph import remove_input_quantization

_NARROW = {DataType.FLOAT16, DataType.BFLOAT16}


def upcast(file: Path, folder: Path, *, quantized_inputs: bool = True) -> Path:
    """Write a graph with FP32 in place of FP16 and BF16; weights keep their rounded values.

    FP8 stays: values are rounded to it, but no arithmetic uses it.

    Args:
        file: `model.onnx`, with its external data beside it.
        folder: where the FP32 graph goes, with external data of its own.
        quantized_inputs: whether inputs of linears in FP8 are quantised, or their weights alone.

    Returns:
        The new file, or `file` itself if it is FP32 already.
    """
    model = onnx_ir.load(file)
    narrow = [value for value in model.graph.initializers.values() if value.dtype in _NARROW]
    if not narrow:
        return file
    if not quantized_inputs:
        remove_input_quantization(model)
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
    upcast_file = folder / file.name
    onnx_ir.save(model, upcast_file, external_data=f"{file.name}.data")
    return upcast_file


def _upcast(value: onnx_ir.Value) -> onnx_ir.LazyTensor:
    """Upcast lazily, to hold one tensor in memory at a time."""
    narrow = value.const_value
    if narrow is None:
        raise ValueError(f"initializer {value.name} has no values")
    return onnx_ir.LazyTensor(
        lambda: onnx_ir.tensor(narrow.numpy().astype(np.float32), name=value.name),
        dtype=DataType.FLOAT,
        shape=onnx_ir.Shape(narrow.shape.numpy()),
        name=value.name,
    )
