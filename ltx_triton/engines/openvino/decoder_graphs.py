"""The two parts of the decoder's graph: to the features, and from the features to pixels."""

from collections.abc import Sequence

import numpy as np
from openvino import Model, Output, Shape, Type
from openvino import opset13 as operators

from ltx_triton.contract import VAE_FEATURES

_MOVES = ("Reshape", "Transpose")


def to_features(graph: Model) -> Model:
    """Return the part from latents and noise to `VAE_FEATURES`, FP32; shares nodes of `graph`."""
    features = _convert(_features(graph), Type.f32)
    return Model([features], graph.get_parameters(), "to_features")


def to_pixels(graph: Model, features: Sequence[int], latents: Sequence[int]) -> Model:
    """Turn `graph` into its part from `VAE_FEATURES` to frames, for one shape.

    With constant shapes OpenVINO fuses more and needs less memory.

    Args:
        graph: the engine's; cannot be used any more afterwards.
        features: their shape.
        latents: shape of those that have such features.
    """
    inner = _features(graph)
    parameter = operators.parameter(Shape(features), Type.f32, VAE_FEATURES)
    parameter.output(0).get_tensor().set_names({VAE_FEATURES})
    given_features = _convert(parameter.output(0), inner.get_element_type())
    for reader in inner.get_target_inputs():
        reader.replace_source_output(given_features)
    shape = operators.constant(np.array(latents, np.int64))
    for given in graph.get_parameters():
        for reader in given.output(0).get_target_inputs():
            if reader.get_node().get_type_name() == "ShapeOf":
                reader.get_node().output(0).replace(shape.output(0))
    part = Model(graph.get_results(), [parameter], "to_pixels")
    part.validate_nodes_and_infer_types()
    _round_before_moving(part)
    return part


def two_sided_convolutions(graph: Model) -> int:
    """Count the convolutions that look at the frames before and after."""
    return sum(
        node.get_type_name() == "Convolution" and node.input(1).get_shape()[2] > 1
        for node in graph.get_ops()
    )


def _features(graph: Model) -> Output:
    for node in graph.get_ops():
        for output in node.outputs():
            if VAE_FEATURES in output.get_names():
                return output
    raise RuntimeError(f"the decoder has no tensor `{VAE_FEATURES}`: run `make export` again")


def _convert(output: Output, element_type: Type) -> Output:
    """Convert what has another type: a graph in BF16 has features that numpy cannot hold."""
    if output.get_element_type() == element_type:
        return output
    return operators.convert(output, element_type.to_string()).output(0)


def _round_before_moving(part: Model) -> None:
    """Convert pixels to UINT8 before they are moved to their places: a quarter of the bytes.

    The exported graph does not, because in TensorRT only inputs and outputs can be UINT8.
    """
    (result,) = part.get_results()
    convert = result.input_value(0).get_node()
    moved = convert.input_value(0)
    first = moved.get_node()
    while first.input_value(0).get_node().get_type_name() in _MOVES:
        first = first.input_value(0).get_node()
    pixels = operators.convert(first.input_value(0), "u8")
    first.input(0).replace_source_output(pixels.output(0))
    result.input(0).replace_source_output(moved)
    part.validate_nodes_and_infer_types()
