"""FP16 weights in FP32 graphs, which halves the file; runtimes upcast them once, on loading."""

from collections.abc import Iterable

import onnx_ir
from onnx_ir import DataType


def store_as_fp16(graph: onnx_ir.Model, names: Iterable[str]) -> None:
    """Make the named FP32 initializers FP16, with a cast before whatever uses them."""
    for name in names:
        value = graph.graph.initializers[name]
        uses = tuple(value.uses())
        value.dtype = DataType.FLOAT16
        cast = onnx_ir.Node(
            "", "Cast", [value], [onnx_ir.AttrInt64("to", DataType.FLOAT)], name=f"{name}/upcast"
        )
        fp32 = cast.outputs[0]
        fp32.name = f"{name}/fp32"
        fp32.dtype = DataType.FLOAT
        fp32.shape = value.shape
        for node, position in uses:
            node.replace_input_with(position, fp32)
        graph.graph.insert_before(graph.graph[0], cast)
