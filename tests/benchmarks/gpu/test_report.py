from pathlib import Path

import numpy as np
import pytest

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import save_output
from benchmarks.gpu.report import errors, floors, table
from ltx_triton.video_spec import VideoSpec

FLOPS = {
    "text_encoder": {"linear": 100, "other": 0},
    "transformer": {"linear": 400, "other": 100},
    "vae_decoder": {"linear": 0, "other": 300},
}


def case(folder: Path, precision: str = "bf16") -> Case:
    return Case(
        folder=folder,
        checkpoint=folder,
        repository=folder,
        request=VideoSpec(
            prompt="a cat",
            num_frames=9,
            height=64,
            width=64,
            frame_rate=8.0,
            seed=0,
            num_inference_steps=8,
        ),
        precision=precision,
        device="cpu",
        compile_backend="eager",
    )


def test_the_floor_of_a_request_includes_every_step(tmp_path: Path) -> None:
    floor = floors(case(tmp_path), FLOPS, {"bf16": 100.0})
    assert floor == {"text_encoder": 1, "transformer": 5, "vae_decoder": 3, "request": 44}


def test_only_linears_of_the_transformer_run_at_fp8_peak(tmp_path: Path) -> None:
    floor = floors(case(tmp_path, "fp8"), FLOPS, {"bf16": 100.0, "fp8": 200.0})
    assert floor == {"text_encoder": 1, "transformer": 3, "vae_decoder": 3, "request": 28}


def test_errors_are_relative_to_fp32(tmp_path: Path) -> None:
    exact = np.array([3.0, 4.0], np.float32)
    for name in FLOPS:
        for side, array in (("fp32", exact), ("eager", exact), ("engine", exact * 1.1)):
            save_output(case(tmp_path), side, name, array)
    black, white = np.zeros(4, np.uint8), np.full(4, 255, np.uint8)
    for side, frames in (("fp32", black), ("engine", black), ("triton", white), ("eager", white)):
        save_output(case(tmp_path), side, "request", frames)
    found = errors(case(tmp_path))
    assert found["transformer"] == {"engine": pytest.approx(0.1), "eager": 0.0}
    assert found["request_psnr_db"] == {"engine": 100.0, "triton": 0.0, "eager": 0.0}


def test_the_table_has_medians_and_the_share_of_the_floor() -> None:
    seconds = {"engine": [0.1, 0.2, 0.9], "triton": [0.25], "eager": [1.0], "compiled": [0.5]}
    text = table({"floor_seconds": {"request": 0.1}, "seconds": {"request": seconds}})
    assert text.splitlines()[-1] == "| request | 200.0 | 250.0 | 1000.0 | 500.0 | 100.0 | 50% |"
