import weakref
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpu.case import Case
from benchmarks.gpu.inputs import load_output, save_inputs
from benchmarks.gpu.pytorch import PyTorchSide


@pytest.fixture
def case(tmp_path: Path, checkpoint_folder: Path, repository: Path) -> Case:
    (tmp_path / "checkpoint").symlink_to(checkpoint_folder)
    (tmp_path / "model_repository").symlink_to(repository)
    case = Case(
        folder=tmp_path,
        architecture="tiny",
        layers=2,
        precision="bf16",
        device="cpu",
        height=64,
        width=96,
        num_frames=9,
        steps=2,
        compile_backend="eager",
    )
    save_inputs(case, case.repository)
    return case


def test_one_precision_makes_room_for_the_next(case: Case) -> None:
    side = PyTorchSide(case)
    side.load("fp32")
    transformer = weakref.ref(side._pipeline.transformer)
    side.load("bf16")
    assert transformer() is None


def test_bf16_is_close_to_fp32_and_not_the_same(case: Case) -> None:
    side = PyTorchSide(case)
    for precision in ("fp32", "bf16"):
        side.load(precision)
        side.outputs(precision)
    for what in ("text_encoder", "transformer", "vae_decoder"):
        exact, rounded = (load_output(case, side, what) for side in ("fp32", "bf16"))
        difference = np.linalg.norm(rounded - exact.astype(np.float64)) / np.linalg.norm(exact)
        assert 0 < difference < 0.05
    assert load_output(case, "bf16", "request").shape == (9, 64, 96, 3)
