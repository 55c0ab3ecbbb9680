import sys
from pathlib import Path

import pytest

from benchmarks.gpu.budget import Budget
from benchmarks.gpu.cases import make_case, parse_model
from benchmarks.gpu.parts import Part, due, peak_bytes
from benchmarks.gpu.stages import STAGES, make_parts
from benchmarks.gpu.tasks import Tasks


def parts_of(name: str, folder: Path, device: str = "cuda") -> list[Part]:
    model = parse_model(name)
    case = make_case(model, folder, device)
    return make_parts(Tasks(case, model, Budget(folder), sys.executable, 1, None))


def test_every_stage_of_the_help_has_parts(tmp_path: Path) -> None:
    parts = parts_of("2b-fp8", tmp_path)
    assert {part.stage for part in parts} == {*STAGES} - {"report"}
    assert "calibration" not in {part.stage for part in parts_of("2b-bf16", tmp_path)}
    assert "plans" not in {part.stage for part in parts_of("tiny-fp32", tmp_path, "cpu")}


def test_parts_come_after_those_that_they_need(tmp_path: Path) -> None:
    seen: set[str] = set()
    for part in parts_of("tiny-fp8", tmp_path):
        assert {*part.after} <= seen
        seen.add(part.name)


@pytest.mark.parametrize(
    ("name", "most"),
    [("2b-bf16", 26), ("13b-8-bf16", 13), ("13b-8-fp8", 13), ("13b-bf16", 65)],
)
def test_little_more_than_two_forms_of_the_weights_are_on_the_disk(
    tmp_path: Path, name: str, most: float
) -> None:
    parts = parts_of(name, tmp_path)
    gigabytes = peak_bytes(parts, due(parts, STAGES, []), [], keep_preferred=False) / 1e9
    assert most / 2 < gigabytes < most


def test_the_reference_holds_one_component_at_a_time(tmp_path: Path) -> None:
    parts = {part.name: part for part in parts_of("13b-bf16", tmp_path)}
    fp32 = 13.04e9 * 4
    assert fp32 < parts["reference"].need.device_bytes < 1.25 * fp32
