"""Name tensors inside a graph, for runtimes that take it apart."""

import onnx_ir

from export.errors import ExportError


def name_padded_input(model: onnx_ir.Model, weight: str, name: str) -> None:
    """Name the tensor that a convolution reads, before its first and last frame are repeated.

    Raises:
        ExportError: the convolution with this weight does not read a frame, a tensor and a frame.
    """
    readers = [use.node for use in model.graph.initializers[weight].uses()]
    padding = readers[0].inputs[0].producer() if readers and readers[0].inputs[0] else None
    if padding is None or padding.op_type != "Concat" or len(padding.inputs) != 3:
        raise ExportError(f"{weight}: its convolution is not padded in time as expected")
    tensor = padding.inputs[1]
    assert tensor is not None  # noqa: S101  Concat has no optional inputs
    tensor.name = name
