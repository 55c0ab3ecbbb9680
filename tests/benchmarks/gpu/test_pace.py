from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.gpu.pace import Pace
from tests.benchmarks.gpu.work import Work


def test_measured_seconds_correct_the_guess_for_other_sizes(tmp_path: Path) -> None:
    _, _, export, plans, _ = Work(tmp_path).parts()
    pace = Pace()
    guess = pace.seconds(export)
    larger = replace(export, weight_bytes=10 * export.weight_bytes)
    ratio = pace.seconds(larger) / guess
    others = pace.seconds(plans)

    pace.learn(export, 3 * guess)

    assert pace.seconds(export) == pytest.approx(3 * guess)
    assert pace.seconds(larger) == pytest.approx(3 * guess * ratio)
    assert pace.seconds(plans) == others


def test_tiny_parts_teach_nothing(tmp_path: Path) -> None:
    part = Work(tmp_path).parts()[0]
    tiny = replace(part, weight_bytes=1e6)
    pace = Pace()
    before = pace.seconds(part)
    pace.learn(tiny, 0.1)
    assert pace.seconds(part) == before
