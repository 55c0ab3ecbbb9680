from pathlib import Path

import onnx
import onnxruntime
import pytest

from export.precision import Precision
from ltx_triton.contract import ENGINES, ModelContract, Tensor
from tests.export.engines import model_file

DATATYPES = {"tensor(float)": "FP32", "tensor(int32)": "INT32", "tensor(uint8)": "UINT8"}
engines = pytest.mark.parametrize("contract", ENGINES, ids=lambda contract: contract.name)


@engines
def test_graph_has_the_tensors_of_the_contract(contract: ModelContract, repository: Path) -> None:
    session = onnxruntime.InferenceSession(model_file(repository, contract))
    for expected, found in (
        (contract.inputs, session.get_inputs()),
        (contract.outputs, session.get_outputs()),
    ):
        assert [tensor.name for tensor in expected] == [tensor.name for tensor in found]
        for tensor, actual in zip(expected, found, strict=True):
            assert DATATYPES[actual.type] == tensor.datatype
            assert actual.shape[0] == "batch"
            assert fits(tensor, actual.shape[1:])


def fits(tensor: Tensor, shape: list[int | str]) -> bool:
    """All free axes but the channels, which belong to the checkpoint, are dynamic."""
    channels = tensor.name in ("latents", "noise", "latents_out", "prompt_embeds")
    dynamic = tensor.dims[:-1] if channels else tensor.dims
    return len(shape) == len(tensor.dims) and all(
        isinstance(axis, str) if size == -1 else axis == size
        for size, axis in zip(dynamic, shape, strict=False)
    )


@engines
def test_graph_has_only_standard_operators_of_one_opset(
    contract: ModelContract, repository: Path
) -> None:
    model = onnx.load(model_file(repository, contract), load_external_data=False)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [
        ("", Precision.FP32.opset)
    ]
    assert {node.domain for node in model.graph.node} == {""}
    assert not model.functions
    subgraphs = [
        attribute
        for node in model.graph.node
        for attribute in node.attribute
        if attribute.HasField("g")
    ]
    assert not subgraphs


@engines
def test_graph_is_valid(contract: ModelContract, repository: Path) -> None:
    onnx.checker.check_model(str(model_file(repository, contract)), full_check=True)


@engines
def test_graph_names_no_path_of_the_machine(contract: ModelContract, repository: Path) -> None:
    content = model_file(repository, contract).read_bytes()
    assert str(Path.cwd()).encode() not in content
    assert b"site-packages" not in content


@engines
def test_graph_is_small_without_its_weights(contract: ModelContract, repository: Path) -> None:
    assert model_file(repository, contract).stat().st_size < 300_000
