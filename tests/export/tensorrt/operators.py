"""What TensorRT's ONNX parser documents of the operators in the exported graphs.

Sources: docs/operators.md of onnx/onnx-tensorrt at release/8.6-GA, and as of TensorRT 10.15 (the
newest that could be read; that of 11 was not to be had, whose ONNX Opset Guide says opset 9 to
25). Clip of integers is not in the tables; the importers of 8.6 and 10.1 take it.
"""

from collections.abc import Iterator

import onnx
from onnx import TensorProto

_FLOATS = frozenset({"FP32", "FP16", "BF16"})
_NUMBERS = _FLOATS | {"INT32", "INT64"}
_ANY = _NUMBERS | {"BOOL"}

# Highest opset, and operator -> types.
TENSORRT_10 = (
    24,
    {
        **dict.fromkeys(("Add", "Clip", "Div", "Gelu", "Mul", "Pow", "Range"), _NUMBERS),
        **dict.fromkeys(("ReduceMean", "Sub"), _NUMBERS),
        **dict.fromkeys(("Concat", "Expand", "Gather", "Reshape", "Shape", "Slice"), _ANY),
        **dict.fromkeys(("Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"), _ANY),
        **dict.fromkeys(("Conv", "Cos", "Gemm", "LayerNormalization", "MatMul"), _FLOATS),
        **dict.fromkeys(("Reciprocal", "Round", "Sigmoid", "Sin", "Softmax", "Sqrt"), _FLOATS),
        **dict.fromkeys(("QuantizeLinear", "RMSNormalization", "Tanh"), _FLOATS),
        "Attention": _FLOATS | {"FP8"},
        "Cast": _ANY | {"UINT8"},
        "DequantizeLinear": frozenset({"FP8"}),
    },
)

_FLOATS_8 = frozenset({"FP32", "FP16"})
_NUMBERS_8 = _FLOATS_8 | {"INT32", "INT64"}  # the parser makes INT32 of INT64
_ANY_8 = _NUMBERS_8 | {"BOOL"}

TENSORRT_8 = (
    17,
    {
        **dict.fromkeys(("Add", "Clip", "Div", "Mul", "Range", "Sub"), _NUMBERS_8),
        **dict.fromkeys(("Concat", "Expand", "Gather", "Reshape", "Shape", "Slice"), _ANY_8),
        **dict.fromkeys(("Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"), _ANY_8),
        **dict.fromkeys(("Conv", "Cos", "Gemm", "LayerNormalization", "MatMul"), _FLOATS_8),
        **dict.fromkeys(("Pow", "Reciprocal", "ReduceMean", "Round", "Sigmoid"), _FLOATS_8),
        **dict.fromkeys(("Sin", "Softmax", "Sqrt", "Tanh"), _FLOATS_8),
        "Cast": _ANY_8 | {"UINT8"},
    },
)

_NAMES = {
    TensorProto.FLOAT: "FP32",
    TensorProto.FLOAT16: "FP16",
    TensorProto.BFLOAT16: "BF16",
    TensorProto.FLOAT8E4M3FN: "FP8",
    TensorProto.INT32: "INT32",
    TensorProto.INT64: "INT64",
    TensorProto.UINT8: "UINT8",
    TensorProto.BOOL: "BOOL",
}


def not_supported(
    model: onnx.ModelProto, documented: tuple[int, dict[str, frozenset[str]]]
) -> Iterator[str]:
    """What of a graph is not documented, a line each."""
    highest_opset, operators = documented
    for opset in model.opset_import:
        if opset.domain not in ("", "ai.onnx") or opset.version > highest_opset:
            yield f"opset {opset.domain} {opset.version}"
    types = _types(model)
    for node in model.graph.node:
        # The type is that of the first input; a cast has two.
        tensors = [(node.input or node.output)[0]]
        if node.op_type == "Cast":
            tensors.append(node.output[0])
        for tensor in tensors:
            name = _NAMES.get(types.get(tensor, 0), "unknown")
            if name not in operators.get(node.op_type, ()):
                yield f"{node.op_type} of {name} ({node.name})"


def _types(model: onnx.ModelProto) -> dict[str, int]:
    graph = onnx.shape_inference.infer_shapes(model).graph
    values = (*graph.input, *graph.output, *graph.value_info)
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    return types | {tensor.name: tensor.data_type for tensor in graph.initializer}
