from pathlib import Path

import pytest

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import save_inputs
from ltx_triton.video_spec import VideoSpec


@pytest.fixture
def case(tmp_path: Path, checkpoint_folder: Path, repository: Path) -> Case:
    """In FP32, with its inputs."""
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
        precision="fp32",
        device="cpu",
        compile_backend="eager",
    )
    save_inputs(case)
    return case
