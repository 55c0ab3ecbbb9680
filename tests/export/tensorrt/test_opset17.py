from pathlib import Path

import numpy as np
import onnx
import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.errors import ExportError
from export.tensorrt.opset17 import to_opset_17
from export.verification.verify import run
from ltx_triton.contract import ENGINES, TEXT_ENCODER, ModelContract
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import SIZES, draw, model_file


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_the_rewritten_graph_computes_the_same(
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    engine: ModelContract,
    generator: np.random.Generator,
) -> None:
    file = model_file(repository, engine)
    rewritten = file.with_name("opset17.onnx")  # beside the weights
    rewritten.write_bytes(to_opset_17(file))
    batch = draw(engine, config, checkpoint, SIZES[1], 8, generator)
    try:
        onnx.checker.check_model(rewritten)
        [expected], [actual] = run(file, [batch]), run(rewritten, [batch])
    finally:
        rewritten.unlink()

    model = onnx.load_from_string(to_opset_17(file))
    assert [opset.version for opset in model.opset_import] == [17]
    reductions = [node for node in model.graph.node if node.op_type == "ReduceMean"]
    assert reductions, "nothing was there to be rewritten"
    assert {len(node.input) for node in reductions} == {1}
    assert np.array_equal(actual, expected)


def test_a_later_opset_is_refused(repository: Path, tmp_path: Path) -> None:
    model = onnx.load(model_file(repository, TEXT_ENCODER), load_external_data=False)
    model.opset_import[0].version = 20
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())

    with pytest.raises(ExportError, match=r"is of opset 20; TensorRT 8\.6 takes exports in fp32"):
        to_opset_17(tmp_path / "model.onnx")


def test_axes_that_are_not_constant_are_refused(repository: Path, tmp_path: Path) -> None:
    model = onnx.load(model_file(repository, TEXT_ENCODER), load_external_data=False)
    node = next(node for node in model.graph.node if node.op_type == "ReduceMean")
    node.input[1] = "input_ids"
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())

    with pytest.raises(ExportError, match=f"{node.name} has axes that are not constant"):
        to_opset_17(tmp_path / "model.onnx")
