"""From a module without weights to an ONNX graph whose initializers have no values yet."""

import logging
import warnings

import onnx_ir
import torch
from onnxscript import optimizer
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from export.engine import Axes, Engine

# onnxruntime, TensorRT 8.6 and TensorRT 11 all parse it; normalisations and attention come out as
# elementary operators.
OPSET = 18
# Any sizes but 0 and 1, which torch.export takes as fixed, and each another.
EXAMPLE_SIZES = {"batch": 2, "frames": 3, "rows": 4, "columns": 5, "tokens": 7}
_TORCH_TYPES = {"FP32": torch.float32, "INT32": torch.int32}


def trace(engine: Engine) -> onnx_ir.Model:
    """Trace an engine's module with torch.export and translate it to ONNX.

    Weights take no memory: the module's meta tensors are traced as fake ones. In the result their
    initializers have a shape and no value; constants of the module have theirs.
    """
    mode = FakeTensorMode()
    constants = _fake_weights(engine.module, mode)
    inputs = engine.contract.inputs
    with mode:
        example = tuple(
            torch.zeros(
                _example_shape(engine.axes[tensor.name]), dtype=_TORCH_TYPES[tensor.datatype]
            )
            for tensor in inputs
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            engine.module.eval(),
            example,
            dynamo=True,
            opset_version=OPSET,
            input_names=[tensor.name for tensor in inputs],
            output_names=[tensor.name for tensor in engine.contract.outputs],
            dynamic_shapes=tuple(_dynamic_axes(engine.axes[tensor.name]) for tensor in inputs),
            optimize=False,  # would read the weights' values
            verbose=False,
        )
    assert program is not None
    model: onnx_ir.Model = program.model
    for name, value in model.graph.initializers.items():
        if name in constants:
            value.const_value = onnx_ir.tensor(constants[name].numpy(), name=name)
        elif _is_weight(engine.module, name):
            value.const_value = None
    logging.getLogger("onnx_ir").setLevel(logging.ERROR)
    optimizer.optimize(model)
    for value in (*model.graph.inputs, *model.graph.outputs):
        value.shape = onnx_ir.Shape(engine.axes[str(value.name)])
    return model


def _fake_weights(module: nn.Module, mode: FakeTensorMode) -> dict[str, Tensor]:
    """Replace every tensor of `module` by a fake one; return those that held values."""
    constants = {}
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if not tensor.is_meta:
            constants[name] = tensor
        with mode:
            fake = torch.empty(tensor.shape, dtype=tensor.dtype)
        owner, _, leaf = name.rpartition(".")
        if isinstance(tensor, nn.Parameter):
            fake = nn.Parameter(fake, requires_grad=False)
        setattr(module.get_submodule(owner), leaf, fake)
    return constants


def _is_weight(module: nn.Module, name: str) -> bool:
    return name in dict(module.named_parameters()) or name in dict(module.named_buffers())


def _example_shape(axes: Axes) -> tuple[int, ...]:
    return tuple(EXAMPLE_SIZES[axis] if isinstance(axis, str) else axis for axis in axes)


def _dynamic_axes(axes: Axes) -> dict[int, object]:
    dynamic = torch.export.Dim.DYNAMIC
    return {number: dynamic for number, axis in enumerate(axes) if isinstance(axis, str)}
