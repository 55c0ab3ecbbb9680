import pytest

from frontend.jobs.cost import Cost
from frontend.jobs.schedule import Task, finish_times
from ltx_triton.contract import Stage
from tests.frontend.conftest import new_job

COST = Cost(text=0, step=1, steps=4, decode=3, mp4=1)  # 8 seconds
LARGE = Cost(text=0, step=10, steps=4, decode=0, mp4=0)


def task(name: str, cost: Cost = COST) -> Task:
    return Task.whole(name, new_job().spec, cost)


def times(
    running: list[Task],
    queued: list[Task],
    *,
    slots: int = 1,
    sharing: float = 1.0,
    at_once: int = 99,
) -> dict[str, float]:
    found = finish_times(
        running,
        queued,
        slots=slots,
        fits=lambda running, _: len(running) < at_once,
        sharing=sharing,
    )
    return {name: round(seconds, 6) for name, seconds in found.items()}


def test_jobs_in_one_slot_follow_each_other() -> None:
    assert times([task("a")], [task("b"), task("c")]) == {"a": 8, "b": 16, "c": 24}


def test_two_that_share_the_engines_take_as_long_as_one_after_the_other() -> None:
    found = times([task("a"), task("b")], [task("c")], slots=2)
    assert found["a"] == found["b"] == 16
    assert found["c"] == 24


def test_two_that_do_not_share_take_as_long_as_one() -> None:
    assert times([task("a"), task("b")], [], slots=2, sharing=0) == {"a": 8, "b": 8}


def test_a_small_video_waits_for_the_steps_of_a_large_one() -> None:
    found = times([task("large", LARGE), task("small", Cost(0, 1, 4, 0, 0))], [], slots=2)
    assert found == {"small": 44, "large": 44}


def test_a_job_that_does_not_fit_waits_and_holds_up_the_next() -> None:
    found = times([task("a")], [task("b"), task("c")], slots=3, at_once=1)
    assert found == {"a": 8, "b": 16, "c": 24}


@pytest.mark.parametrize(
    ("stage", "share", "since", "left"),
    [
        (Stage.TEXT, 0.0, 0.0, 8),
        (Stage.DENOISE, 0.5, 0.0, 6),
        (Stage.DENOISE, 0.5, 0.4, 5.6),
        (Stage.DENOISE, 0.5, 7.0, 5),  # a step is late: nothing says that two are done
        (Stage.DECODE, 0.0, 1.0, 3),
        (Stage.DECODE, 0.0, 9.0, 1),
        (Stage.MP4, 0.0, 9.0, 0),
    ],
)
def test_a_running_job_has_only_the_rest_to_do(
    stage: Stage, share: float, since: float, left: float
) -> None:
    running = task("a")
    running.reached(stage, share, since)
    assert times([running], []) == {"a": left}


def test_a_video_that_costs_nothing_is_finished_at_once() -> None:
    assert times([], [task("a", Cost(0, 0, 8, 0, 0))]) == {"a": 0}
