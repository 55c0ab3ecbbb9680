import sys
from pathlib import Path

import pytest

from benchmarks.gpu.budget import Budget
from benchmarks.gpu.cases import make_case, parse_model
from benchmarks.gpu.parts import due, peak_bytes
from benchmarks.gpu.stages import STAGES, Stages, WrongTritonError
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder


def stages(name: str, folder: Path, device: str = "cuda", address: str | None = None) -> Stages:
    model = parse_model(name)
    case = make_case(model, folder, device)
    return Stages(case, model, Budget(folder), sys.executable, 1, address)


def test_every_stage_of_the_help_has_parts(tmp_path: Path) -> None:
    parts = stages("2b-fp8", tmp_path).parts()
    assert {part.stage for part in parts} == {*STAGES} - {"report"}
    assert "calibration" not in {part.stage for part in stages("2b-bf16", tmp_path).parts()}
    assert "plans" not in {part.stage for part in stages("tiny-fp32", tmp_path, "cpu").parts()}


def test_parts_come_after_those_that_they_need(tmp_path: Path) -> None:
    seen: set[str] = set()
    for part in stages("tiny-fp8", tmp_path).parts():
        assert {*part.after} <= seen
        seen.add(part.name)


@pytest.mark.parametrize(
    ("name", "most"),
    [("2b-bf16", 26), ("13b-8-bf16", 13), ("13b-8-fp8", 13), ("13b-bf16", 65)],
)
def test_little_more_than_two_forms_of_the_weights_are_on_the_disk(
    tmp_path: Path, name: str, most: float
) -> None:
    parts = stages(name, tmp_path).parts()
    gigabytes = peak_bytes(parts, due(parts, STAGES, []), [], keep_preferred=False) / 1e9
    assert most / 2 < gigabytes < most


def test_the_reference_holds_one_component_at_a_time(tmp_path: Path) -> None:
    parts = {part.name: part for part in stages("13b-bf16", tmp_path).parts()}
    fp32 = 13.04e9 * 4
    assert fp32 < parts["reference"].need.device_bytes < 1.25 * fp32


def test_a_triton_with_another_checkpoint_is_refused(
    tmp_path: Path, triton: LocalTriton, config: PipelineConfig
) -> None:
    work = stages("tiny-fp32", tmp_path, "cpu", triton.grpc_address)
    folder = version_folder(work.case.repository, LTX_VIDEO)
    folder.mkdir(parents=True)
    config.model_copy(update={"checkpoint_sha256": "f" * 64}).save(folder)
    with pytest.raises(WrongTritonError, match="serves another checkpoint: start it with"):
        work._triton()
