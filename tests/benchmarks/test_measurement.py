from random import Random

import pytest

from benchmarks.measurement import paired_ratio, percentile, unpaired_ratio


def test_percentiles_are_interpolated() -> None:
    assert percentile([0.0, 1.0], 95) == pytest.approx(0.95)
    assert percentile([3.0], 95) == 3.0


def test_paired_ratios_are_robust_to_a_machine_that_slows_down() -> None:
    load = [1.0, 1.0, 5.0, 5.0, 5.0]
    ratio = paired_ratio([2.0 * each for each in load], load)
    assert (ratio.value, ratio.low, ratio.high) == (2.0, 2.0, 2.0)
    assert str(ratio) == "2.00 (2.00 to 2.00)"


def test_every_round_needs_both_samples() -> None:
    with pytest.raises(ValueError, match="zip"):
        paired_ratio([1.0, 2.0], [1.0])


def test_the_interval_contains_the_truth_and_narrows_with_samples() -> None:
    random = Random(1)

    def noisy(value: float, count: int) -> list[float]:
        return [value * random.uniform(0.9, 1.1) for _ in range(count)]

    few = unpaired_ratio(noisy(3.0, 8), noisy(2.0, 8))
    many = unpaired_ratio(noisy(3.0, 200), noisy(2.0, 200))
    for ratio in (few, many):
        assert ratio.low < 1.5 < ratio.high
    assert many.high - many.low < few.high - few.low
