"""Parse an ONNX file into a TensorRT network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import ExportError
from export.tensorrt.opset17 import to_opset_17
from ltx_triton.contract import ModelContract
from ltx_triton.engines.tensorrt.library import TensorRt


@dataclass(frozen=True)
class ParsedNetwork:
    """A network, and the parser, which holds its weights."""

    network: Any
    parser: Any


def parse(
    library: TensorRt, logger: Any, builder: Any, path: Path, contract: ModelContract
) -> ParsedNetwork:
    """Parse `path`; weights are read from the file of external data beside it.

    Raises:
        ExportError: TensorRT does not take the graph, with all that it says; or the inputs and
            outputs differ from the contract.
    """
    trt = library.trt
    network = builder.create_network(library.network_flags())
    parser = trt.OnnxParser(network, logger)
    if library.strongly_typed:
        parsed = parser.parse_from_file(str(path))
    else:  # 8.6 reads graphs up to opset 17, and takes reductions of opset 18 for others
        parsed = parser.parse(to_opset_17(path), str(path))
    if not parsed:
        errors = [parser.get_error(index) for index in range(parser.num_errors)]
        lines = [f"  node {error.node()}: {error.desc()}" for error in errors]
        raise ExportError(
            f"TensorRT {trt.__version__} does not take {path}:\n"
            + "\n".join(lines or [logger.take_errors()])
        )
    found = {network.get_input(index).name for index in range(network.num_inputs)} | {
        network.get_output(index).name for index in range(network.num_outputs)
    }
    expected = {tensor.name for tensor in (*contract.inputs, *contract.outputs)}
    if found != expected:
        raise ExportError(f"{path} has the tensors {sorted(found)}, expected {sorted(expected)}")
    return ParsedNetwork(network, parser)
