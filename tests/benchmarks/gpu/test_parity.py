from pathlib import Path

import numpy as np
import pytest

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import save_output
from benchmarks.gpu.cases import make_case, parse_model
from benchmarks.gpu.parity import against_pytorch, all_passed, request_psnr, verdict
from ltx_triton.contract import ENGINES

EXACT = np.array([3.0, 4.0], np.float32)


def case(folder: Path, engine: float, precision: str = "bf16") -> Case:
    """PyTorch is 2 % off, and 10 % with the transformer in FP8; the engines as given."""
    made = make_case(parse_model(f"tiny-{precision}"), folder, "cpu")
    made.folder.mkdir()
    for model in ENGINES:
        for side, error in (("fp32", 0.0), ("torch", 0.02), ("torch_fp8", 0.1), ("engine", engine)):
            save_output(made, side, model.name, EXACT * np.float32(1 + error))
    return made


def test_an_engine_may_be_half_as_far_off_again_as_pytorch(tmp_path: Path) -> None:
    errors = against_pytorch(case(tmp_path, 0.029))
    assert errors["text_encoder"] == {
        "engine": pytest.approx(0.029, rel=1e-3),
        "torch": pytest.approx(0.02, rel=1e-3),
        "bound": pytest.approx(0.03, rel=1e-3),
        "passed": True,
    }
    assert all_passed(errors)


@pytest.mark.parametrize("error", [0.031, float("nan"), float("inf")])
def test_one_that_is_further_off_fails(tmp_path: Path, error: float) -> None:
    errors = against_pytorch(case(tmp_path, error))
    assert not all_passed(errors)
    assert "parity with PyTorch: transformer FAILED, relative error" in verdict({"PyTorch": errors})


def test_in_fp8_only_the_transformer_is_compared_with_fp8(tmp_path: Path) -> None:
    errors = against_pytorch(case(tmp_path, 0.14, "fp8"))
    assert {name: each["passed"] for name, each in errors.items()} == {
        "text_encoder": False,
        "transformer": True,
        "vae_decoder": False,
    }


def test_frames_are_compared_with_fp32(tmp_path: Path) -> None:
    made = case(tmp_path, 0)
    black, white = np.zeros(4, np.uint8), np.full(4, 255, np.uint8)
    for side, frames in (("fp32", black), ("engine", black), ("triton", white)):
        save_output(made, side, "request", frames)
    assert (request_psnr(made, "engine"), request_psnr(made, "triton")) == (100.0, 0.0)
