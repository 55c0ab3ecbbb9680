"""For TensorRT 8.6: the types of the graph as demands on every layer.

Later versions take the graph at its word. 8.6 thinks of every floating-point type as a
suggestion, unless each layer is told which one to compute in and to give.
"""

from typing import Any

from export.errors import ExportError
from ltx_triton.engines.tensorrt.library import TensorRt

PRECISIONS = ("fp32", "fp16")


def require_precision(library: TensorRt, precision: str) -> None:
    """Refuse what the version cannot build.

    Raises:
        ExportError: the version has no such precision.
    """
    if not library.strongly_typed and precision not in PRECISIONS:
        raise ExportError(
            f"TensorRT {library.trt.__version__} has no {precision}; allowed: "
            f"{', '.join(PRECISIONS)}, or TensorRT 10 and later"
        )


def set_layer_types(library: TensorRt, config: Any, network: Any, precision: str) -> None:
    """Make the builder keep the types of an FP16 graph; FP32 it keeps by itself."""
    trt = library.trt
    if precision == "fp32":
        return
    config.set_flag(trt.BuilderFlag.FP16)
    config.set_flag(trt.BuilderFlag.OBEY_PRECISION_CONSTRAINTS)
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    types = float_types(trt, network, layers)
    for layer in layers:
        outputs = [layer.get_output(index) for index in range(layer.num_outputs)]
        if layer.type in (trt.LayerType.CONSTANT, trt.LayerType.CAST, trt.LayerType.SHAPE):
            continue  # their types are their own
        wanted = [types.get(output.name) for output in outputs]
        computed = next((kind for kind in wanted if kind is not None), None)
        if computed is None:
            continue  # integers
        layer.precision = computed
        for index, kind in enumerate(wanted):
            if kind is not None:
                layer.set_output_type(index, kind)


def float_types(trt: Any, network: Any, layers: list[Any]) -> dict[str, Any]:
    """Tensor name -> float32 or float16, for tensors of floating point.

    8.6 says float32 for every tensor that has not been told otherwise. What is certain are
    inputs, constants and casts; all else gives the type of its first floating-point input, as
    ONNX wants it.
    """
    floats = (trt.float32, trt.float16)
    inputs = [network.get_input(index) for index in range(network.num_inputs)]
    types = {tensor.name: tensor.dtype for tensor in inputs if tensor.dtype in floats}
    for layer in layers:
        own = _own_type(trt, layer)
        if own is None:
            given = (layer.get_input(index) for index in range(layer.num_inputs))
            known = (types.get(tensor.name) for tensor in given if tensor is not None)
            own = next((kind for kind in known if kind is not None), None)
        for index in range(layer.num_outputs):
            output = layer.get_output(index)
            if output.dtype in floats:
                types[output.name] = own if own in floats else output.dtype
    return types


def _own_type(trt: Any, layer: Any) -> Any:
    """The type that a layer has of itself, or None."""
    # get_layer gives every layer its base class; the class of its kind has to be set.
    if layer.type == trt.LayerType.CONSTANT:
        layer.__class__ = trt.IConstantLayer
        return layer.weights.dtype
    if layer.type == trt.LayerType.CAST:
        layer.__class__ = trt.ICastLayer
        return layer.to_type
    return None
