"""Convert graphs from opset 18 to 17 for TensorRT 8.6."""

from pathlib import Path

import onnx
from onnx import numpy_helper

from export.errors import ExportError


def to_opset_17(path: Path) -> bytes:
    """The graph in `path` at opset 17, serialised, its weights still in the file beside it.

    Of the operators in the exported graphs two have changed from 17 to 18. The axes of ReduceMean
    became an input; the parser of TensorRT 8.6 overlooks it and averages over everything. Split
    says the number of its outputs; without, it has equal parts in both.

    Raises:
        ExportError: the graph is of a later opset, or has axes that are not constant.
    """
    model = onnx.load(path, load_external_data=False)
    [opset] = [entry for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if opset.version > 18:
        raise ExportError(
            f"{path} is of opset {opset.version}; TensorRT 8.6 takes exports in fp32 or fp16, "
            "which are of opset 18"
        )
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = node.attribute[0].t
    for node in model.graph.node:
        if node.op_type == "ReduceMean" and len(node.input) == 2:
            if node.input[1] not in constants:
                raise ExportError(f"{path}: {node.name} has axes that are not constant")
            axes = numpy_helper.to_array(constants[node.input[1]]).tolist()
            del node.input[1]
            kept = [given for given in node.attribute if given.name == "keepdims"]
            del node.attribute[:]
            node.attribute.extend([*kept, onnx.helper.make_attribute("axes", axes)])
        elif node.op_type == "Split":
            kept = [given for given in node.attribute if given.name != "num_outputs"]
            del node.attribute[:]
            node.attribute.extend(kept)
    opset.version = min(opset.version, 17)
    serialized: bytes = model.SerializeToString()
    return serialized
