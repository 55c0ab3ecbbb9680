from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
import onnx_ir
import pytest
from onnx_ir import DataType
from safetensors.torch import load_file

from export.checkpoint.folder import FolderCheckpoint
from export.errors import ExportError
from export.fp8.graph import insert_qdq
from export.fp8.record import Record, Scales

FP8, BF16 = DataType.FLOAT8E4M3FN, DataType.BFLOAT16
WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


def product_of(graph: onnx_ir.Graph, layer: str) -> onnx_ir.Node:
    """The product of a linear, by its weight."""
    (use,) = graph.initializers[f"model.{layer}.weight"].uses()
    while use.node.op_type not in ("MatMul", "Gemm"):
        (use,) = use.node.outputs[0].uses()
    return use.node


def operands(node: onnx_ir.Node) -> list[onnx_ir.Node | None]:
    return [value.producer() for value in node.inputs[:2] if value is not None]


def number(value: onnx_ir.Value | None) -> float:
    assert value is not None
    assert value.const_value is not None
    assert (value.dtype, value.const_value.shape) == (BF16, onnx_ir.Shape(()))
    return float(value.const_value.numpy())


def test_both_operands_of_the_products_are_dequantised_with_the_records_scales(
    graph: onnx_ir.Graph, record: Record
) -> None:
    assert len(record.layers) >= 20
    for layer, scales in record.layers.items():
        product = product_of(graph, layer)
        values, weight = operands(product)
        assert values is not None
        assert weight is not None
        assert values.op_type == weight.op_type == "DequantizeLinear"
        assert (number(values.inputs[1]), number(weight.inputs[1])) == (scales.input, scales.weight)
        assert weight.inputs[0] is graph.initializers[f"model.{layer}.weight"]
        quantize = values.predecessors()[0]
        assert quantize.op_type == "QuantizeLinear"
        assert quantize.inputs[1] is values.inputs[1]
        assert {value.dtype for value in (values.inputs[0], weight.inputs[0]) if value} == {FP8}
        assert {node.outputs[0].dtype for node in (values, weight, product)} == {BF16}


def test_biases_are_added_after_the_products(graph: onnx_ir.Graph, record: Record) -> None:
    for layer in record.layers:
        product = product_of(graph, layer)
        (use,) = product.outputs[0].uses()
        bias = graph.initializers[f"model.{layer}.bias"]
        assert use.node.op_type == "Add"
        assert bias in use.node.inputs
        assert bias.dtype is BF16


def test_there_is_no_fp8_elsewhere(graph: onnx_ir.Graph, record: Record) -> None:
    found = {name for name, value in graph.initializers.items() if value.dtype is FP8}
    assert found == {f"model.{layer}.weight" for layer in record.layers} | {"fp8_zero_point"}
    for node in graph:
        if any(value.dtype is FP8 for value in node.outputs):
            assert node.op_type == "QuantizeLinear"
            assert {use.node.op_type for use in node.outputs[0].uses()} == {"DequantizeLinear"}
        if node.op_type == "DequantizeLinear":
            assert {use.node.op_type for use in node.outputs[0].uses()} <= {"MatMul", "Gemm"}
    dequantised = [
        node
        for node in graph
        if node.op_type in ("MatMul", "Gemm")
        and any(producer and producer.op_type == "DequantizeLinear" for producer in operands(node))
    ]
    assert len(dequantised) == len(record.layers)  # so none of the attention's own products


def test_left_out_linears_stay_bf16(graph: onnx_ir.Graph, record: Record) -> None:
    left_out = [
        layer for group in record.groups.values() if not group.quantized for layer in group.layers
    ]
    assert "proj_out" in left_out
    for layer in left_out:
        assert graph.initializers[f"model.{layer}.weight"].dtype is BF16
        for producer in operands(product_of(graph, layer)):
            assert producer is None or producer.op_type != "DequantizeLinear"


def test_linears_with_the_same_input_share_its_quantisation(graph: onnx_ir.Graph) -> None:
    block = "transformer_blocks.0"
    shared = {operands(product_of(graph, f"{block}.attn1.to_{part}"))[0] for part in "qkv"}
    assert len(shared) == 1
    texts = [
        operands(product_of(graph, f"transformer_blocks.{block}.attn2.to_{part}"))[0]
        for block in (0, 1)
        for part in "kv"
    ]
    assert len(set(texts)) == 1
    assert texts[0] not in shared


def test_dequantised_weights_are_close_to_the_checkpoints(
    graph: onnx_ir.Graph, record: Record, checkpoint: FolderCheckpoint
) -> None:
    weights = load_file(checkpoint.folder / WEIGHTS)
    largest: dict[float, float] = defaultdict(float)  # of all linears with a scale
    for layer, scales in record.layers.items():
        stored = graph.initializers[f"model.{layer}.weight"].const_value
        assert stored is not None
        actual = stored.numpy().astype(np.float32).T * np.float32(scales.weight)
        exact = weights[f"{layer}.weight"].numpy()
        # Half a step: three bits after the point, and the steps of the smallest numbers.
        bound = np.maximum(np.abs(exact) / 16, scales.weight * 2**-10)
        assert (np.abs(actual - exact) <= bound).all()
        magnitude = float(np.abs(stored.numpy().astype(np.float32)).max())
        largest[scales.weight] = max(largest[scales.weight], magnitude)
    assert min(largest.values()) > 440  # the range is made use of


def test_graph_is_valid_and_of_standard_operators(fp8_file: Path) -> None:
    onnx.checker.check_model(str(fp8_file), full_check=True)
    model = onnx.load(fp8_file, load_external_data=False)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 20)]
    assert {node.domain for node in model.graph.node} == {""}


def test_a_linear_that_the_graph_lacks_is_named(fp8_file: Path) -> None:
    with pytest.raises(ExportError, match=r"has no linear proj_on, which FP8 is for"):
        insert_qdq(onnx_ir.load(fp8_file), {"proj_on": Scales(1.0, 1.0)})
