from pathlib import Path

from benchmarks.gpu.cases import make_case, parse_model
from benchmarks.gpu.floors import floors

FLOPS = {
    "text_encoder": {"linear": 100, "other": 0},
    "transformer": {"linear": 400, "other": 100},
    "vae_decoder": {"linear": 0, "other": 300},
}


def test_the_floor_of_a_request_includes_every_step() -> None:
    case = make_case(parse_model("2b-bf16"), Path(), "cuda")
    assert floors(case, FLOPS, {"bf16": 100.0}) == {
        "text_encoder": 1,
        "transformer": 5,
        "vae_decoder": 3,
        "request": 44,
    }


def test_only_linears_of_the_transformer_run_at_fp8_peak() -> None:
    case = make_case(parse_model("2b-fp8"), Path(), "cuda")
    assert floors(case, FLOPS, {"bf16": 100.0, "fp8": 200.0}) == {
        "text_encoder": 1,
        "transformer": 3,
        "vae_decoder": 3,
        "request": 28,
    }
