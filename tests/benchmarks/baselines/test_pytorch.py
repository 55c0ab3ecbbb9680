import weakref
from pathlib import Path

import numpy as np
import pytest

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import load_output, save_inputs
from benchmarks.baselines.pytorch import PyTorchWorker
from ltx_triton.video_spec import VideoSpec


@pytest.fixture
def case(tmp_path: Path, checkpoint_folder: Path, repository: Path) -> Case:
    case = Case(
        folder=tmp_path,
        checkpoint=checkpoint_folder,
        repository=repository,
        request=VideoSpec(
            prompt="a cat",
            num_frames=9,
            height=64,
            width=96,
            frame_rate=8.0,
            seed=0,
            num_inference_steps=2,
        ),
        precision="bf16",
        device="cpu",
        compile_backend="eager",
    )
    save_inputs(case)
    return case


def test_loading_a_precision_frees_the_previous_one(case: Case) -> None:
    worker = PyTorchWorker(case)
    worker.load("fp32")
    transformer = weakref.ref(worker._pipeline.transformer)
    worker.load("bf16")
    assert transformer() is None


def test_bf16_is_close_to_fp32_and_not_the_same(case: Case) -> None:
    worker = PyTorchWorker(case)
    for precision in ("fp32", "bf16"):
        worker.load(precision)
        worker.outputs(precision)
    for what in ("text_encoder", "transformer", "vae_decoder"):
        exact, rounded = (load_output(case, side, what) for side in ("fp32", "bf16"))
        difference = np.linalg.norm(rounded - exact.astype(np.float64)) / np.linalg.norm(exact)
        assert 0 < difference < 0.05
    assert load_output(case, "bf16", "request").shape == (9, 64, 96, 3)
