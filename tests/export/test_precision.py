"""Which types the graphs of lower precision have where."""

from pathlib import Path

import numpy as np
import onnx_ir
import pytest
from onnx_ir import DataType

from export.precision import Precision
from ltx_triton.contract import ENGINES, TEXT_ENCODER, TRANSFORMER, ModelContract
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import model_file

FLOATS = {DataType.FLOAT, DataType.FLOAT16, DataType.BFLOAT16}
NARROW = {
    ("bf16", "text_encoder"): DataType.BFLOAT16,
    ("bf16", "transformer"): DataType.BFLOAT16,
    ("bf16", "vae_decoder"): DataType.BFLOAT16,
    ("fp16", "transformer"): DataType.FLOAT16,
    # The linears in FP8 have BF16 products: what they multiply has been dequantised.
    ("fp8", "text_encoder"): DataType.BFLOAT16,
    ("fp8", "transformer"): DataType.BFLOAT16,
    ("fp8", "vae_decoder"): DataType.BFLOAT16,
}
engines = pytest.mark.parametrize("contract", ENGINES, ids=lambda contract: contract.name)


def load(repository: Path, contract: ModelContract) -> tuple[onnx_ir.Model, DataType]:
    """The graph, and the type its weights should have."""
    expected = NARROW.get((repository.name, contract.name), DataType.FLOAT)
    return onnx_ir.load(model_file(repository, contract)), expected


@engines
def test_products_are_of_the_weights_type(contract: ModelContract, narrow_repository: Path) -> None:
    graph, expected = load(narrow_repository, contract)
    products = [node for node in graph.graph if node.op_type in ("MatMul", "Gemm", "Conv")]
    assert len(products) > 10
    assert {value.dtype for node in products for value in node.inputs if value} == {expected}


def test_fp8_is_in_the_transformer_alone(fp8_repository: Path) -> None:
    for contract in ENGINES:
        graph, _ = load(fp8_repository, contract)
        types = {value.dtype for value in graph.graph.initializers.values()}
        assert (DataType.FLOAT8E4M3FN in types) == (contract is TRANSFORMER)


@engines
def test_inputs_and_outputs_are_those_of_the_contract(
    contract: ModelContract, narrow_repository: Path
) -> None:
    graph, _ = load(narrow_repository, contract)
    types = {"FP32": DataType.FLOAT, "INT32": DataType.INT32, "UINT8": DataType.UINT8}
    for tensors, values in (
        (contract.inputs, graph.graph.inputs),
        (contract.outputs, graph.graph.outputs),
    ):
        assert [types[tensor.datatype] for tensor in tensors] == [value.dtype for value in values]


@engines
def test_norms_and_positions_are_fp32(contract: ModelContract, narrow_repository: Path) -> None:
    graph, _ = load(narrow_repository, contract)
    sensitive = ("ReduceMean", "Sqrt", "Reciprocal", "Sin", "Cos", "LayerNormalization")
    found = [node for node in graph.graph if node.op_type in sensitive]
    assert found
    assert {value.dtype for node in found for value in node.outputs} == {DataType.FLOAT}


def test_only_weights_are_rounded(narrow_repository: Path) -> None:
    """A constant of the arithmetic, rounded to eight bits, would be wrong in every layer alike."""
    constants: set[float] = set()
    for contract in ENGINES:
        graph, expected = load(narrow_repository, contract)
        for name, value in graph.graph.initializers.items():
            if name.endswith(("input_scale", "weight_scale")):  # of FP8
                continue
            external = isinstance(value.const_value, onnx_ir.ExternalTensor)
            if expected is not DataType.FLOAT and value.dtype is expected and not external:
                assert value.const_value is not None
                constants.update(float(number) for number in value.const_value.numpy().flat)
    exact = {0.5, 1.0, 2.0, 3.0}
    masks = {number for number in constants if number < -9000}
    # GELU's, which is one operator from opset 20 on.
    gelu = {float(np.float16(number)) for number in (0.044715, (2 / np.pi) ** 0.5)}
    assert constants - exact - masks <= (gelu if narrow_repository.name == "fp16" else set())


def test_what_t5_adds_up_is_fp32(narrow_repository: Path) -> None:
    graph, _ = load(narrow_repository, TEXT_ENCODER)
    final_norm = next(node for node in reversed(list(graph.graph)) if node.op_type == "Pow")
    assert final_norm.inputs[0] is not None
    producer = final_norm.inputs[0].producer()
    assert producer is not None
    assert (producer.op_type, producer.outputs[0].dtype) == ("Add", DataType.FLOAT)


def test_the_precision_is_written_down(narrow_repository: Path) -> None:
    config = PipelineConfig.load(narrow_repository / "ltx_video" / "1")
    assert config.precision == narrow_repository.name


def test_tensorrt_8_can_read_fp16() -> None:
    """Its parser knows no operator set above 18 and no BF16."""
    assert {Precision.FP32.opset, Precision.FP16.opset} == {18}


def test_gelu_is_one_operator_in_bf16(narrow_repository: Path) -> None:
    graph, expected = load(narrow_repository, TRANSFORMER)
    gelus = [node for node in graph.graph if node.op_type == "Gelu"]
    assert bool(gelus) == (expected is DataType.BFLOAT16)
