import pytest

from benchmarks.baselines.triton import step_seconds
from ltx_triton.contract import Progress, Stage


def test_a_step_lasts_from_the_end_of_the_previous_one_to_its_own() -> None:
    told = [
        (Stage.TEXT, 0, 0.0),
        (Stage.DENOISE, 0, 0.1),
        (Stage.DENOISE, 1, 0.3),
        (Stage.DECODE, 2, 0.6),
        (Stage.MP4, 2, 1.6),
    ]
    messages = [Progress(stage, step, 2, seconds) for stage, step, seconds in told]
    assert step_seconds(messages) == pytest.approx([0.2, 0.3])
