import json
from pathlib import Path

import pytest

from benchmarks.gpu.state import State, StateError

CASE = {"name": "2b-bf16", "device": "cuda"}


def test_finished_parts_outlive_the_process(tmp_path: Path) -> None:
    State(tmp_path, CASE).finish("export transformer", 12.34, {"bytes": 5})
    assert State(tmp_path, CASE).parts == {
        "export transformer": {"stage_seconds": 12.3, "bytes": 5}
    }


def test_results_are_written_after_each_part_with_what_was_skipped(tmp_path: Path) -> None:
    results = tmp_path / "results" / "gpu-2b-bf16.json"
    state = State(tmp_path, CASE, results, "python -m benchmarks.gpu")
    state.finish("checkpoint", 1, {})
    state.skip("reference", "takes about 62.6 GB of GPU memory and 24.0 GB are left")
    assert json.loads(results.read_text()) == {
        "command": "python -m benchmarks.gpu",
        "case": CASE,
        "parts": {"checkpoint": {"stage_seconds": 1}},
        "skipped": {"reference": "takes about 62.6 GB of GPU memory and 24.0 GB are left"},
    }


def test_what_was_skipped_may_run_later(tmp_path: Path) -> None:
    State(tmp_path, CASE).skip("reference", "no room")
    state = State(tmp_path, CASE)
    state.finish("reference", 1, {})
    assert state.result["skipped"] == {}


def test_a_write_that_was_killed_leaves_the_state_before(tmp_path: Path) -> None:
    State(tmp_path, CASE).finish("checkpoint", 1, {})
    (tmp_path / "state.unfinished").write_text('{"case": {"na')
    assert list(State(tmp_path, CASE).parts) == ["checkpoint"]


def test_another_case_in_the_folder_is_refused(tmp_path: Path) -> None:
    State(tmp_path, CASE).finish("checkpoint", 1, {})
    with pytest.raises(StateError, match=r"not of .*'cpu'.*: delete .* or give another --folder"):
        State(tmp_path, CASE | {"device": "cpu"})
