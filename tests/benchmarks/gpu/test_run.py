from pathlib import Path

import pytest

from benchmarks.gpu.budget import Budget, Need
from benchmarks.gpu.pace import Pace
from benchmarks.gpu.run import CaseRun, OutOfTimeError
from benchmarks.gpu.state import State
from tests.benchmarks.gpu.work import STAGES, Work

CHECKPOINT, PYTORCH, EXPORT, PLANS, ENGINES = STAGES


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "files"
    folder.mkdir()
    return Work(folder)


def state_of(work: Work) -> State:
    return State(work.folder.parent, {})


def run(
    work: Work,
    stages: tuple[str, ...] = STAGES,
    *,
    disk_gb: float | None = None,
    memory_gb: float | None = None,
    minutes: float | None = None,
) -> State:
    """Run in a state that is read from the disk, as a new process does."""
    state = state_of(work)
    budget = Budget(work.folder, disk_gb=disk_gb, memory_gb=memory_gb, minutes=minutes)
    succeeded = CaseRun(work.parts(), stages, state, budget, Pace()).run()
    assert succeeded == (not work.failing)
    return state


def test_nothing_is_left_when_all_is_done(work: Work) -> None:
    state = run(work)
    assert work.done == [*STAGES]
    assert work.files() == set()
    assert state.parts[PLANS]["held"] == ["engine", "onnx", "weights"]
    assert state.parts[ENGINES]["held"] == ["engine", "weights"], "preferred files stay"


def test_files_of_stages_that_nobody_asked_for_yet_stay(work: Work) -> None:
    run(work, (CHECKPOINT, EXPORT))
    assert work.files() == {"weights", "onnx"}
    run(work, (PYTORCH, PLANS))
    assert work.files() == {"weights", "engine"}


def test_finished_parts_are_not_run_again(work: Work, capsys: pytest.CaptureFixture[str]) -> None:
    run(work, (CHECKPOINT, PYTORCH))
    run(work)
    assert work.done == [*STAGES]
    assert "pytorch: finished already" in capsys.readouterr().out


def test_weights_are_made_again_for_a_stage_that_comes_late(work: Work) -> None:
    run(work)
    (work.folder.parent / "state.json").write_text(
        (work.folder.parent / "state.json").read_text().replace(PYTORCH, "forgotten")
    )
    work.done.clear()
    run(work)
    assert work.done == [CHECKPOINT, PYTORCH]
    assert work.files() == set()


def test_a_stage_whose_files_are_gone_names_them(work: Work) -> None:
    run(work, (CHECKPOINT,))
    work.weights.delete()
    state = run(work, (PYTORCH,))
    assert state.skipped == {
        PYTORCH: "needs what is gone: weights; name the stage that makes it as well"
    }


def test_a_stage_before_its_time_says_what_it_needs(work: Work) -> None:
    state = run(work, (ENGINES,))
    assert state.skipped == {ENGINES: "needs what has not run: plans"}


def test_too_small_a_disk_stops_the_case_before_it_begins(work: Work) -> None:
    state = run(work, disk_gb=150e-9)
    assert work.done == []
    assert set(state.skipped) == {*STAGES}
    assert state.skipped[CHECKPOINT] == "takes about 0.0 GB of disk and 0.0 GB are left"


def test_on_a_small_disk_files_go_that_others_could_do_without(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    state = run(work, disk_gb=250e-9)
    assert state.parts[ENGINES]["held"] == ["engine"]
    assert (
        "PyTorch will not run beside the engines: with its checkpoint the case takes"
        in capsys.readouterr().out
    )


def test_what_lacks_memory_is_skipped_with_all_that_need_it(work: Work) -> None:
    work.need[PLANS] = Need(4e9)
    state = run(work, memory_gb=2)
    assert work.done == [CHECKPOINT, PYTORCH, EXPORT]
    assert state.skipped == {
        PLANS: "takes about 4.0 GB of memory and 2.0 GB are left",
        ENGINES: "needs what has not run: plans",
    }
    assert work.files() == set(), "they make room for the next case"


def test_a_failure_is_recorded_and_its_files_stay(work: Work) -> None:
    work.failing = {PLANS}
    state = run(work)
    assert state.skipped == {
        PLANS: "failed: no luck",
        ENGINES: "needs what has not run: plans",
    }
    assert work.files() == {"weights", "onnx"}
    work.failing = set()
    work.done.clear()
    assert run(work).skipped == {}
    assert work.done == [PLANS, ENGINES]


def test_a_part_that_would_take_too_long_is_not_begun(work: Work) -> None:
    with pytest.raises(OutOfTimeError, match=r"pytorch takes about 1.\d minutes and 1.0 are left"):
        run(work, minutes=1)
    assert work.done == [CHECKPOINT]
    run(work)
    assert work.done == [*STAGES]
