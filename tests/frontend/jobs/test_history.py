import pytest

from frontend.jobs.cost import Measured, Size
from frontend.jobs.history import learn

NOW = 1e6
SMALL = Size(100, 8)
LARGE = Size(1000, 8)


def made(began: float, seconds: float, size: Size = SMALL) -> Measured:
    """A video that denoised half of its time and decoded the rest."""
    half = seconds / 2
    return Measured(size, NOW + began, NOW + began + seconds, {"denoise": half, "decode": half})


def test_nothing_is_learnt_from_nothing() -> None:
    assert learn([], [NOW - 5], NOW) is None


def test_the_median_of_the_latest_counts() -> None:
    before = [made(-100 * number, 50) for number in range(11, 20)]
    latest = [made(-10 * number, 2 if number % 4 else 9) for number in range(1, 6)]
    found = learn([*latest, *before], [], NOW)
    assert found
    assert found.costs.cost(SMALL).total == pytest.approx(2)


def with_text(began: float, text: float, size: Size = SMALL, *, is_new: bool) -> Measured:
    """A video of one second besides the text."""
    return Measured(size, NOW + began, NOW + began + text + 1, {"denoise": 1.0}, is_new)


def test_what_a_prompt_costs_is_learnt_where_it_was_new() -> None:
    latest = [with_text(-10 * number, 0, is_new=False) for number in range(1, 7)]
    found = learn([*latest, with_text(-100, 30, is_new=True)], [], NOW)
    assert found
    assert found.costs.cost(SMALL).text == pytest.approx(30)
    assert found.costs.cost(SMALL).step * 8 == pytest.approx(1)


def test_what_a_prompt_costs_is_learnt_from_other_sizes_if_need_be() -> None:
    videos = [with_text(-10, 0, LARGE, is_new=False), with_text(-100, 30, is_new=True)]
    found = learn(videos, [], NOW)
    assert found
    assert found.costs.cost(LARGE).text == pytest.approx(30)


@pytest.mark.parametrize(("took", "sharing"), [(4, 1.0), (3, 0.5), (2, 0.0)])
def test_how_jobs_slow_each_other_down_is_measured(took: float, sharing: float) -> None:
    beside = [made(-50, took), made(-50, took), made(-20, took), made(-20, took)]
    found = learn([made(-100, 2), *beside], [], NOW)
    assert found
    assert found.sharing == pytest.approx(sharing, abs=0.01)
    assert found.costs.cost(SMALL).total == pytest.approx(2)


def test_a_size_that_was_made_only_beside_others_counts_for_its_share() -> None:
    found = learn([made(-50, 8, LARGE), made(-50, 8, LARGE), made(-100, 2)], [], NOW)
    assert found
    assert found.costs.cost(LARGE).total == pytest.approx(4)


def test_jobs_that_still_run_are_beside_those_that_were_made() -> None:
    found = learn([made(-10, 4)], [NOW - 20], NOW)
    assert found
    assert found.costs.cost(SMALL).total == pytest.approx(2)


def test_how_guided_jobs_slow_others_down_is_measured() -> None:
    guided = Size(SMALL.tokens, SMALL.steps, texts=2)
    beside = [made(-50, 6, guided), made(-50, 6, guided)]  # alone each would take 3 s
    found = learn([made(-100, 2), *beside], [], NOW)
    assert found
    assert found.sharing == pytest.approx(1, abs=0.01)
    assert found.costs.cost(guided).total == pytest.approx(3)


def test_one_that_was_made_alone_outweighs_many_beside_others() -> None:
    crowd = [made(-50 + 0.1 * number, 30) for number in range(8)]
    found = learn([*crowd, made(-100, 2)], [], NOW)
    assert found
    assert found.costs.cost(SMALL).total == pytest.approx(2)
