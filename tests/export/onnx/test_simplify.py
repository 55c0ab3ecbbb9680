"""Simplification, on small graphs and on the exported ones."""

from pathlib import Path

import onnx_ir
import pytest
from onnx_ir import DataType

from export.onnx.simplify import simplify
from ltx_triton.contract import ENGINES, ModelContract
from tests.export.engines import model_file


def model(nodes: list[onnx_ir.Node], source: onnx_ir.Value) -> onnx_ir.Model:
    outputs = list(nodes[-1].outputs)
    graph = onnx_ir.Graph([source], outputs, nodes=nodes, opset_imports={"": 20}, name="g")
    return onnx_ir.Model(graph, ir_version=10)


def source() -> onnx_ir.Value:
    return onnx_ir.val("x", DataType.FLOAT, ["batch", 4])


def test_operators_that_do_nothing_go() -> None:
    x = source()
    cast = onnx_ir.node("Cast", [x], {"to": DataType.FLOAT})
    result = onnx_ir.node("Sigmoid", [cast.outputs[0]])
    result.outputs[0].name = "y"
    simplified = model([cast, result], x)
    simplify(simplified)
    assert [node.op_type for node in simplified.graph] == ["Sigmoid"]


def test_the_same_computation_is_done_once() -> None:
    x = source()
    twice = [onnx_ir.node("Sigmoid", [x]) for _ in range(2)]
    result = onnx_ir.node("Mul", [node.outputs[0] for node in twice])
    result.outputs[0].name = "y"
    simplified = model([*twice, result], x)
    simplify(simplified)
    assert [node.op_type for node in simplified.graph] == ["Sigmoid", "Mul"]


@pytest.mark.parametrize("contract", ENGINES, ids=lambda contract: contract.name)
def test_exported_graphs_know_all_their_types(contract: ModelContract, repository: Path) -> None:
    graph = onnx_ir.load(model_file(repository, contract)).graph
    assert all(output.dtype is not None for node in graph for output in node.outputs)
    assert not [node for node in graph if node.op_type in ("Identity", "CastLike")]
