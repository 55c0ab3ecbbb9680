"""What OpenVINO and ONNX Runtime find in a graph with INT8 weights."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx_ir import DataType

from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.weights import read_weight
from export.verification.inputs import Inputs
from export.verification.verify import random_batches, relative_l2
from ltx_triton.contract import ENGINES, TEXT_ENCODER, TRANSFORMER, VAE_DECODER, ModelContract
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.onnxruntime.session import OnnxRuntimeSession
from ltx_triton.engines.openvino.session import OpenVinoSession
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import model_file

quantized = pytest.mark.parametrize(
    "contract", [TEXT_ENCODER, TRANSFORMER], ids=lambda contract: contract.name
)


def load(repository: Path, contract: ModelContract) -> onnx_ir.Graph:
    return onnx_ir.load(model_file(repository, contract)).graph


def int8_weights(graph: onnx_ir.Graph) -> dict[str, onnx_ir.Value]:
    return {
        name: value for name, value in graph.initializers.items() if value.dtype is DataType.INT8
    }


def values(value: onnx_ir.Value | None) -> NDArray[np.generic]:
    assert value is not None
    assert value.const_value is not None
    return value.const_value.numpy()


@quantized
def test_products_read_them_through_dequantize_linear_alone(
    int8_repository: Path, contract: ModelContract
) -> None:
    graph = load(int8_repository, contract)
    weights = int8_weights(graph)
    assert len(weights) > 10
    for weight in weights.values():
        (use,) = weight.uses()
        dequantize = use.node
        assert dequantize.op_type == "DequantizeLinear"
        (use,) = dequantize.outputs[0].uses()
        assert (use.node.op_type, use.idx) == ("MatMul", 1)
        assert dequantize.outputs[0].dtype is DataType.FLOAT
        assert weight.shape is not None
        assert dequantize.attributes["axis"].as_int() == 1
        assert values(dequantize.inputs[1]).shape == (weight.shape[1],)
        assert values(dequantize.inputs[1]).dtype == np.float32


@quantized
def test_dequantised_weights_are_within_half_a_step_of_the_checkpoints(
    int8_repository: Path, checkpoint: FolderCheckpoint, contract: ModelContract
) -> None:
    stored = checkpoint.weights(contract.name)
    for name, weight in int8_weights(load(int8_repository, contract)).items():
        (use,) = weight.uses()
        scales = values(use.node.inputs[1])
        found = (values(weight) * scales).T  # type: ignore[operator]
        exact = read_weight(stored[name.removeprefix("model.")], torch.float32).numpy()
        assert (np.abs(found - exact) <= scales[:, None] / 2 * 1.0001).all()  # type: ignore[operator]


def test_all_linears_of_the_blocks_take_it_and_nothing_else(int8_repository: Path) -> None:
    for contract, block in ((TEXT_ENCODER, "encoder.block."), (TRANSFORMER, "transformer_blocks.")):
        graph = load(int8_repository, contract)
        matrices = {
            name
            for name, value in graph.initializers.items()
            if block in name and name.endswith(".weight") and len(value.shape or ()) == 2
        }
        found = int8_weights(graph).keys()
        assert found == {name for name in matrices if "relative_attention_bias" not in name}
        others = graph.initializers.keys() - found
        floats = {graph.initializers[name].dtype for name in others} - {
            *(DataType.INT64, DataType.INT32, DataType.BOOL)
        }
        assert floats == {DataType.FLOAT}
    assert not int8_weights(load(int8_repository, VAE_DECODER))


@pytest.mark.parametrize("contract", ENGINES, ids=lambda contract: contract.name)
def test_graphs_are_valid_and_of_standard_operators(
    int8_repository: Path, contract: ModelContract
) -> None:
    file = model_file(int8_repository, contract)
    onnx.checker.check_model(str(file), full_check=True)
    assert {node.domain for node in load(int8_repository, contract)} == {""}


@quantized
def test_both_runtimes_take_the_graph_as_it_is(
    int8_repository: Path,
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    contract: ModelContract,
) -> None:
    batch = random_batches(contract, checkpoint, config)[0]
    exact = onnxruntime.InferenceSession(model_file(repository, contract)).run(None, batch)[0]
    file = model_file(int8_repository, contract)
    name = contract.outputs[0].name
    outputs = {
        "onnxruntime": OnnxRuntimeSession(file, contract).run(batch)[name],
        "openvino": OpenVinoSession(file, contract, CpuPrecision.FP32).run(batch)[name],
    }
    weights_alone = in_fp32(file, batch)
    for runtime, found in outputs.items():
        assert 1e-4 < relative_l2(found, exact) < 0.05, runtime
        # Only the text encoder's inputs are not rounded to INT8 as well.
        rounding = relative_l2(found, weights_alone)
        assert (rounding < 1e-5) == (contract == TEXT_ENCODER), (runtime, rounding)


def in_fp32(file: Path, batch: Inputs) -> NDArray[Any]:
    """Compute with the weights in INT8 and no other rounding."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(file, options)
    output: NDArray[Any] = session.run(None, batch)[0]
    return output
