"""Trace a module without weights into an ONNX graph whose initializers have no values yet."""

import logging
import warnings
from typing import cast

import onnx_ir
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from export.graphs.engine import Axes, Engine
from export.onnx.inner_tensors import name_padded_input
from export.onnx.simplify import simplify

# All different, and neither 0 nor 1, which torch.export would treat as fixed.
EXAMPLE_SIZES = {"batch": 2, "frames": 3, "latent_height": 4, "latent_width": 5, "tokens": 7}
_TORCH_TYPES = {"FP32": torch.float32, "INT32": torch.int32}


def trace(engine: Engine) -> onnx_ir.Model:
    """Trace an engine's module with torch.export and translate it to ONNX.

    Weights take no memory: meta tensors are traced as fake tensors, and their initializers get
    shapes without values. Constants of the module keep their values.
    """
    mode = FakeTensorMode()
    constants = _fake_tensors(engine.module, mode)
    weights = {name for name, _ in _tensors(engine.module)} - constants.keys()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in ("torch.onnx", "onnx_ir", "onnxscript"):
            logging.getLogger(logger).setLevel(logging.ERROR)
        model = _translate(engine, mode)
        for name, value in model.graph.initializers.items():
            if name in weights:
                value.const_value = None
            elif name in constants:
                value.const_value = onnx_ir.tensor(constants[name].numpy(), name=name)
        simplify(model)
    for name, weight in engine.inner_tensors:
        name_padded_input(model, weight, name)
    for value in (*model.graph.inputs, *model.graph.outputs):
        value.shape = onnx_ir.Shape(engine.axes[str(value.name)])
    for node in model.graph:  # stack traces, with paths of this machine
        node.metadata_props.clear()
    return model


def _translate(engine: Engine, mode: FakeTensorMode) -> onnx_ir.Model:
    inputs = engine.contract.inputs
    with mode:
        example = tuple(
            torch.zeros(_example(engine.axes[tensor.name]), dtype=_TORCH_TYPES[tensor.datatype])
            for tensor in inputs
        )
    program = torch.onnx.export(
        engine.module.eval(),
        example,
        dynamo=True,
        opset_version=engine.opset,
        input_names=[tensor.name for tensor in inputs],
        output_names=[tensor.name for tensor in engine.contract.outputs],
        dynamic_shapes=tuple(_dynamic(engine.axes[tensor.name]) for tensor in inputs),
        optimize=False,  # it would read the weights' values
        verbose=False,
    )
    return cast("torch.onnx.ONNXProgram", program).model


def _tensors(module: nn.Module) -> list[tuple[str, Tensor]]:
    return [*module.named_parameters(), *module.named_buffers()]


def _fake_tensors(module: nn.Module, mode: FakeTensorMode) -> dict[str, Tensor]:
    """Replace every tensor of `module` by a fake tensor; return the tensors with values."""
    constants = {}
    for name, tensor in _tensors(module):
        if not tensor.is_meta:
            constants[name] = tensor
        with mode:
            fake = torch.empty(tensor.shape, dtype=tensor.dtype)
        owner, _, leaf = name.rpartition(".")
        if isinstance(tensor, nn.Parameter):
            fake = nn.Parameter(fake, requires_grad=False)
        setattr(module.get_submodule(owner), leaf, fake)
    return constants


def _example(axes: Axes) -> tuple[int, ...]:
    return tuple(EXAMPLE_SIZES[axis] if isinstance(axis, str) else axis for axis in axes)


def _dynamic(axes: Axes) -> dict[int, object]:
    return {
        number: torch.export.Dim.DYNAMIC
        for number, axis in enumerate(axes)
        if isinstance(axis, str)
    }
