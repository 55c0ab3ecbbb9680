import numpy as np

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import load_output
from benchmarks.baselines.pytorch import PyTorchWorker
from benchmarks.baselines.reference import save_reference


def test_the_pipeline_makes_the_frames_of_its_components(case: Case) -> None:
    save_reference(case)
    worker = PyTorchWorker(case)
    worker.load()
    worker.outputs()
    exact, frames = (load_output(case, side, "request") for side in ("fp32", "diffusers"))
    assert frames.shape == (9, 64, 96, 3)
    assert np.abs(frames.astype(int) - exact).max() <= 1


def test_both_modes_run_everything(case: Case) -> None:
    worker = PyTorchWorker(case)
    worker.load()
    worker.compile()
    for mode in ("eager", "compiled"):
        assert worker.request(mode) > 0
        assert all(worker.component(mode, name) > 0 for name in worker.flops())
