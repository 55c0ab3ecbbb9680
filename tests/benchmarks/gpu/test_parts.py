from pathlib import Path

import pytest

from benchmarks.gpu.parts import Part, due, peak_bytes, unneeded
from tests.benchmarks.gpu.work import STAGES, Work


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def names(parts: list[Part]) -> list[str]:
    return [part.name for part in parts]


def test_unfinished_parts_of_the_stages_are_due(work: Work) -> None:
    assert names(due(work.parts(), STAGES, [])) == [*STAGES]
    assert names(due(work.parts(), ["plans", "export"], [])) == ["export", "plans"]


def test_finished_parts_are_not_due_though_their_files_are_gone(work: Work) -> None:
    assert names(due(work.parts(), STAGES, STAGES)) == []


def test_finished_parts_are_due_if_others_need_their_files(work: Work) -> None:
    assert names(due(work.parts(), STAGES, ["checkpoint", "export", "plans", "engines"])) == [
        "checkpoint",
        "pytorch",
    ]


def test_files_are_needed_until_all_that_use_them_have_ended(work: Work) -> None:
    parts = work.parts()
    assert unneeded(parts, ["checkpoint", "export"], keep_preferred=True) == set()
    ended = ["checkpoint", "pytorch", "export", "plans"]
    assert unneeded(parts, ended, keep_preferred=True) == {work.onnx}
    assert unneeded(parts, ended, keep_preferred=False) == {work.onnx, work.weights}


def test_the_peak_counts_what_is_deleted_and_what_there_is(work: Work) -> None:
    parts = work.parts()
    assert peak_bytes(parts, parts, [], keep_preferred=True) == 300
    assert peak_bytes(parts, parts, [], keep_preferred=False) == 200
    parts[0].run()
    assert peak_bytes(parts, parts[1:], ["checkpoint"], keep_preferred=False) == 100
