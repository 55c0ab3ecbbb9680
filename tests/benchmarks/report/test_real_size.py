import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.machine import Machine
from benchmarks.measurement import Labels, Measurement
from benchmarks.real_size import CALIBRATION, PART, PROMPTS, STEP, Figure
from benchmarks.report.real_size import MACHINES, section, write
from benchmarks.result import Result

STAGES = {"queue": 0.1, "text": 4.0, "denoise": 40.0, "decode": 20.0, "mp4": 0.5, "total": 65.0}


def result(case: str, figures: Sequence[Figure]) -> Result:
    measurements = [
        Measurement(PART, {"case": case, **labels}, unit, [value])
        for labels, unit, value in figures
    ]
    return Result(Machine.here(), f"python -m benchmarks.real_size {case}", measurements)


def of_the_2b(case: str, factor: float) -> Result:
    engines: list[Figure] = [
        ({"engine": name}, "bytes", factor * 1e9)
        for name in ("text_encoder", "transformer", "vae_decoder")
    ]
    figures: list[Figure] = [
        ({"what": "export"}, "s", 100.0),
        ({"what": "export", "memory": "held"}, "bytes", 1e9),
        *engines,
        ({"what": "start"}, "s", 30.0),
    ]
    for name in PROMPTS:
        figures += [
            ({"request": name, "stage": stage}, "s", factor * seconds)
            for stage, seconds in STAGES.items()
        ]
        figures += [
            ({"request": name, "memory": memory}, "bytes", factor * 5e9)
            for memory in ("held", "mapped")
        ]
    return result(case, figures)


def of_the_calibration() -> Result:
    pieces: list[Figure] = [
        ({"piece": piece, "precision": "bf16"}, "s", seconds)
        for piece, seconds in (("text", 0.5), ("denoise", 0.5), ("decode", 0.25))
    ]
    return result(CALIBRATION, pieces)


def of_the_13b() -> Result:
    export: Labels = {"what": "export"}
    figures: list[Figure] = [
        ({"file": "13b.safetensors"}, "bytes", 28.6e9),
        (export, "s", 300.0),
        (export | {"memory": "held"}, "bytes", 1.5e9),
        ({"engine": "transformer"}, "bytes", 13e9),
        ({"what": "load and 0 steps"}, "s", 60.0),
        ({"what": "load and 2 steps"}, "s", 180.0),
        ({"what": "load and 2 steps", "memory": "held"}, "bytes", 15e9),
    ]
    return result(STEP, figures)


RESULTS = [
    of_the_2b("2b-fp32", 3),
    of_the_2b("2b-int8", 1),
    of_the_calibration(),
    of_the_13b(),
]


def test_each_case_has_its_column() -> None:
    text = section(RESULTS)

    assert "| 2B | FP32, mapped in ONNX Runtime | INT8 in OpenVINO, computing in BF16 |" in text
    assert "| engines on the disk, GB | 9.0 | 3.0 |" in text
    assert "| export without comparison, s | 100 |  |" in text
    assert "| export, compared with PyTorch and its memory measured, s |  | 100 |" in text
    assert "| first prompt: total, s | 195 | 65 |" in text
    assert "| peak of the memory held, GB | 15.0 | 5.0 |" in text


def test_a_step_is_what_remains_without_loading() -> None:
    text = section(RESULTS)

    assert "holds 15.0 GB; a step of the default video takes 60 s" in text


@pytest.fixture
def document(tmp_path: Path) -> Path:
    document = tmp_path / "models.md"
    document.write_text(f"before\n{MACHINES}old\n<!-- end -->\nafter\n")
    write(RESULTS, document, tmp_path)
    return document


def test_the_table_of_machines_is_replaced(document: Path) -> None:
    text = document.read_text()

    assert "old" not in text
    assert "| 2B, INT8 in OpenVINO, computing in BF16 | 3.0 GB | 5.0 GB | 5.0 GB | 65 s |" in text
    assert text.startswith("before")
    assert text.endswith("after\n")


def test_the_command_estimates_from_the_int8_clip(document: Path) -> None:
    clip = json.loads((document.parent / "measured.json").read_text())["models"]["2b"]

    assert clip["precision"] == "int8"
    assert clip["seconds"] == {"text": 4.0, "denoise": 40.0, "decode": 20.0}
    assert clip["calibration"]["pieces"]["decode"] == 0.25
    assert (clip["engine_bytes"], clip["memory_bytes"]) == (3_000_000_000, 5_000_000_000)
