import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontend.jobs.cost import Cost
from frontend.jobs.progress import StageTimes, percent
from ltx_triton.contract import Progress, Stage

seconds = st.floats(0, 1e4)


@pytest.mark.parametrize(
    ("stage", "step", "expected"),
    [
        (Stage.TEXT, 0, 0),
        (Stage.DENOISE, 0, 1),
        (Stage.DENOISE, 5, 6),
        (Stage.DECODE, 7, 8),
        (Stage.MP4, 7, 9),
    ],
)
def test_a_stage_of_unknown_cost_weighs_like_a_step(stage: Stage, step: int, expected: int) -> None:
    assert percent(Progress(stage, step, 7, 1.0), None) == 10 * expected


@pytest.mark.parametrize(
    ("stage", "step", "expected"),
    [
        (Stage.TEXT, 0, 0),
        (Stage.DENOISE, 0, 5),
        (Stage.DENOISE, 2, 15),
        (Stage.DECODE, 4, 25),
        (Stage.MP4, 4, 95),
    ],
)
def test_stages_weigh_as_much_as_they_cost(stage: Stage, step: int, expected: int) -> None:
    cost = Cost(text=1, step=1, steps=4, decode=14, mp4=1)
    assert percent(Progress(stage, step, 4, 1.0), cost) == expected


def test_stages_last_until_the_next_one_begins() -> None:
    times = StageTimes()
    for stage, began in (
        (Stage.TEXT, 0.0),
        (Stage.DENOISE, 1.0),
        (Stage.DENOISE, 2.5),
        (Stage.DECODE, 4.0),
        (Stage.MP4, 4.5),
    ):
        times.record(Progress(stage, 0, 1, began))
    seconds = times.seconds()
    assert (seconds["text"], seconds["denoise"], seconds["decode"]) == (1.0, 3.0, 0.5)
    assert 0 <= seconds["mp4"] < 0.5


@given(
    st.integers(1, 1000),
    st.none() | st.builds(Cost, seconds, seconds, st.integers(1, 1000), seconds, seconds),
)
def test_percent_only_grows_and_stays_below_100_until_the_end(
    total_steps: int, cost: Cost | None
) -> None:
    way = [
        (Stage.TEXT, 0),
        *((Stage.DENOISE, step) for step in range(total_steps)),
        (Stage.DECODE, total_steps),
        (Stage.MP4, total_steps),
    ]
    percents = [percent(Progress(stage, step, total_steps, 0.0), cost) for stage, step in way]
    assert percents == sorted(percents)
    assert percents[0] == 0
    assert percents[-1] < 100
