from typing import Any

from benchmarks.gpu.cases import parse_model
from benchmarks.gpu.report import report

REQUEST = {"request": {"num_inference_steps": 8}}


def times(**systems: float) -> dict[str, list[float]]:
    return {name: [0.9 * seconds, seconds, 1.1 * seconds] for name, seconds in systems.items()}


def result(
    *, in_turns: bool = True, step: float = 0.01, parity: dict[str, Any] | None = None
) -> dict[str, Any]:
    engine = {"engine": 1.0} | ({"eager": 3.0, "compiled": 2.0} if in_turns else {})
    alone = {"eager": 4.0, "compiled": 3.0}
    parts: dict[str, Any] = {
        "pytorch": {
            "floor_seconds": {"transformer": step / 2, "request": 20 * step},
            "seconds": {
                "transformer": times(**{name: step * each for name, each in alone.items()}),
                "text_encoder": times(**alone),
            },
        },
        "engines": {
            "seconds": {
                "transformer": times(**{name: step * each for name, each in engine.items()}),
                "text_encoder": times(engine=0.1, eager=0.2, compiled=0.3),
                "vae_decoder": times(engine=0.4, eager=0.5, compiled=0.6),
            },
            "without_pytorch": None if in_turns else "the checkpoint is gone",
        },
        "triton": {
            "server": {"version": "2.51.0", "backends": {"transformer": "python"}},
            "seconds": {"request": times(triton=0.2, engine=0.4)},
        },
    }
    if parity is not None:
        parts["parity"] = parity
    return {"case": REQUEST, "parts": parts, "skipped": {}}


def row(text: str, what: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {what} "))
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_medians_and_the_share_of_the_floor() -> None:
    text = report([(parse_model("2b-bf16"), result())])
    assert row(text, "transformer")[:6] == ["10.0", "", "30.0", "20.0", "5.0", "50%"]
    assert row(text, "transformer")[6].startswith("2.00 (")
    assert row(text, "request")[:6] == ["", "200.0", "", "", "200.0", ""], "no engine of Triton's"


def test_pytorch_alone_stands_in_and_is_marked() -> None:
    text = report([(parse_model("2b-bf16"), result(in_turns=False))])
    assert row(text, "transformer")[:4] == ["10.0", "", "40.0", "30.0"]
    assert row(text, "transformer")[6].endswith(", not in turns")


def test_it_says_which_triton_was_how_fast() -> None:
    measured = result()
    native = {"version": "2.75.0", "backends": {"transformer": "tensorrt"}}
    seconds = {"request": times(triton=0.15)}
    measured["parts"]["triton at gpu:8001"] = {"server": native, "seconds": seconds}
    text = report([(parse_model("2b-bf16"), measured)])
    assert (
        "\ntriton: version 2.51.0, backends: transformer python; request 200.0 ms, 0.50 (" in text
    )
    assert (
        "\ntriton at gpu:8001: version 2.75.0, backends: transformer tensorrt; request 150.0 ms\n"
        in text
    )
    assert row(text, "request")[1] == "200.0", "the wheel's"


def test_parity_is_said_before_the_times() -> None:
    model = parse_model("2b-bf16")
    for parity, line in (
        (None, "parity: not checked"),
        ({"passed": True}, "parity: passed"),
        ({"passed": False}, "parity: FAILED; "),
    ):
        text = report([(model, result(parity=parity))])
        assert 0 < text.index(line) < text.index("| median ms")


def test_a_case_that_was_skipped_says_why() -> None:
    skipped = {"checkpoint": "takes about 64.5 GB of disk and 50.0 GB are left"}
    text = report([(parse_model("13b-bf16"), {"case": REQUEST, "parts": {}, "skipped": skipped})])
    assert "not run: checkpoint: takes about 64.5 GB of disk and 50.0 GB are left" in text
    assert "| median ms" not in text


def test_a_whole_model_is_computed_from_some_layers_and_says_so() -> None:
    text = report(
        [(parse_model("2b-bf16"), result()), (parse_model("13b-8-fp8"), result(step=0.02))]
    )
    computed = text[text.index("### 13b-fp8, COMPUTED, not measured") :]
    assert "6 times that of 13b-8-fp8" in computed
    assert row(computed, "step") == ["120.0", "360.0", "240.0"]
    # 8 steps, and the text encoder and decoder of the 2B model
    assert row(computed, "request") == ["1460.0", "3580.0", "2820.0"]


def test_nothing_is_computed_of_whole_models() -> None:
    assert "COMPUTED" not in report([(parse_model("13b-bf16"), result())])
