import shutil
from pathlib import Path

import numpy as np
import pytest

from export.checkpoint.folder import Checkpoint
from export.errors import ExportError
from export.verification.verify import Difference, difference, verify
from ltx_triton.contract import ENGINES, ModelContract
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE
from tests.export.engines import model_file


@pytest.mark.parametrize("contract", ENGINES, ids=lambda contract: contract.name)
def test_a_corrupted_weight_is_noticed(
    contract: ModelContract,
    repository: Path,
    checkpoint: Checkpoint,
    config: PipelineConfig,
    tmp_path: Path,
) -> None:
    source = model_file(repository, contract)
    for file in (source, source.with_name(DATA_FILE)):
        shutil.copy(file, tmp_path)
    verify(contract, checkpoint, config, tmp_path / source.name)
    weights = np.fromfile(tmp_path / DATA_FILE, np.float32)
    weights[len(weights) // 2 :] += 1  # a smaller part may be embeddings that go unused
    weights.tofile(tmp_path / DATA_FILE)
    with pytest.raises(
        ExportError, match=rf"^{contract.name} differs from PyTorch at .* expected$"
    ):
        verify(contract, checkpoint, config, tmp_path / source.name)


def test_difference_is_relative_to_the_largest_value() -> None:
    actual, expected = np.array([1.0, 2.5], np.float32), np.array([1.0, 2.0], np.float32)
    assert difference(actual, expected) == Difference((2,), 0.5, 0.25)


def test_pixels_are_compared_without_wrapping_around() -> None:
    assert difference(np.array([0], np.uint8), np.array([255], np.uint8)).absolute == 255


def test_arrays_of_different_shapes_are_not_compared() -> None:
    with pytest.raises(ExportError, match=r"shape \(1,\), expected \(2,\)"):
        difference(np.zeros(1), np.zeros(2))
