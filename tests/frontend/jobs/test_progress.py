import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontend.jobs.progress import StageTimes, percent
from ltx_triton.contract import Progress, Stage


@pytest.mark.parametrize(
    ("stage", "step", "expected"),
    [
        (None, 0, 0),
        ("text", 0, 0),
        ("denoise", 0, 1),
        ("denoise", 5, 6),
        ("decode", 7, 8),
        ("mp4", 7, 9),
    ],
)
def test_percent_counts_finished_units_of_work(stage: str | None, step: int, expected: int) -> None:
    assert percent(stage, step, 7) == 10 * expected


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


@given(st.integers(1, 1000))
def test_percent_only_grows_and_stays_below_100_until_the_end(total_steps: int) -> None:
    way = [
        (None, 0),
        (Stage.TEXT, 0),
        *((Stage.DENOISE, step) for step in range(total_steps)),
        (Stage.DECODE, total_steps),
        (Stage.MP4, total_steps),
    ]
    percents = [percent(stage, step, total_steps) for stage, step in way]
    assert percents == sorted(percents)
    assert percents[0] == 0
    assert percents[-1] < 100
