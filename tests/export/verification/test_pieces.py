from pathlib import Path

import numpy as np
import onnx_ir
import onnxruntime
import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.onnx.upcast import upcast
from export.verification import pieces
from export.verification.pieces import run_in_pieces
from export.verification.verify import random_batches
from ltx_triton.contract import ENGINES, TRANSFORMER, ModelContract
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import model_file


@pytest.fixture
def piece_counts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Cut every few weights; filled with the numbers of pieces."""
    counts = []
    cut = pieces._cut

    def count(graph: onnx_ir.Graph) -> list[pieces._Piece]:
        found = cut(graph)
        counts.append(len(found))
        return found

    monkeypatch.setattr(pieces, "PIECE_BYTES", 40_000)
    monkeypatch.setattr(pieces, "_cut", count)
    return counts


@pytest.mark.parametrize("contract", ENGINES, ids=lambda contract: contract.name)
def test_pieces_compute_what_the_whole_graph_does(
    contract: ModelContract,
    repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    piece_counts: list[int],
) -> None:
    file = model_file(repository, contract)
    batches = random_batches(contract, checkpoint, config)
    session = onnxruntime.InferenceSession(file)

    found = run_in_pieces(onnx_ir.load(file), batches)

    assert piece_counts[0] > 5
    for batch, actual in zip(batches, found, strict=True):
        (expected,) = session.run(None, batch)
        assert actual.dtype == expected.dtype
        tolerance = 1 if expected.dtype == np.uint8 else 1e-5 * np.abs(expected).max()
        np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


def test_weights_of_every_precision_go_into_pieces(
    narrow_repository: Path,
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    piece_counts: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batches = random_batches(TRANSFORMER, checkpoint, config)

    def run() -> list[np.ndarray]:  # type: ignore[type-arg]
        model = onnx_ir.load(model_file(narrow_repository, TRANSFORMER))
        upcast(model)
        return run_in_pieces(model, batches)

    in_pieces = run()
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1 << 40)
    whole = run()

    assert piece_counts[0] > 5
    assert piece_counts[1] == 1
    for actual, expected in zip(in_pieces, whole, strict=True):
        # In FP8 a last digit may turn into a step.
        np.testing.assert_allclose(actual, expected, rtol=0, atol=0.02 * np.abs(expected).max())
