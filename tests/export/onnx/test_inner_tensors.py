import onnx_ir
import pytest

from export.errors import ExportError
from export.onnx.inner_tensors import name_padded_input

PADDED = """<ir_version: 10, opset_import: ["": 20]>
graph (float[1,2,4,3,3] x, float[2,2,3,3,3] weight) => (float[1,2,4,3,3] y)
{
    hidden = Sigmoid(x)
    first = Sigmoid(x)
    last = Sigmoid(x)
    padded = Concat<axis=2>(first, hidden, last)
    y = Conv<pads=[0,1,1,0,1,1]>(padded, weight)
}
"""
BARE = """<ir_version: 10, opset_import: ["": 20]>
graph (float[1,2,4,3,3] x, float[2,2,3,3,3] weight) => (float[1,2,2,1,1] y)
{
    hidden = Sigmoid(x)
    y = Conv(hidden, weight)
}
"""


def model(text: str) -> onnx_ir.Model:
    """Parse, and turn the last input into a weight without values, as after tracing."""
    parsed = onnx_ir.from_onnx_text(text)
    parsed.graph.initializers.add(parsed.graph.inputs.pop())
    return parsed


def test_the_tensor_between_the_repeated_frames_is_named() -> None:
    padded = model(PADDED)

    name_padded_input(padded, "weight", "features")

    assert [node.outputs[0].name for node in padded.graph if node.op_type == "Sigmoid"] == [
        "features",
        "first",
        "last",
    ]


def test_a_convolution_without_repeated_frames_is_an_error() -> None:
    with pytest.raises(ExportError, match="weight: its convolution is not padded in time"):
        name_padded_input(model(BARE), "weight", "features")
