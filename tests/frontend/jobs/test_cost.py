import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontend.jobs.cost import Cost, CostModel, Measured, Size
from ltx_triton.contract import Stage

seconds = st.floats(0.001, 1000)


def true_cost(tokens: int, steps: int = 8) -> Cost:
    return Cost(
        text=0.05,
        step=1e-4 * tokens + 1e-7 * tokens**2,
        steps=steps,
        decode=0.3 + 5e-4 * tokens,
        mp4=0.02 + 1e-5 * tokens,
    )


def test_a_size_that_was_made_costs_what_it_did() -> None:
    odd = Cost(text=1, step=9, steps=8, decode=2, mp4=3)
    model = CostModel({100: odd, 200: true_cost(200), 400: true_cost(400)})
    assert model.cost(Size(100, 8)) == odd
    assert model.cost(Size(100, 4)).stages[Stage.DENOISE] == 36


def test_guidance_doubles_the_steps_and_nothing_else() -> None:
    stages = {"text": 0.1, "denoise": 8.0, "decode": 3.0, "mp4": 1.0}
    guided = Measured(Size(100, 4, texts=2), began=100.0, ended=112.1, stages=stages).cost(1.0)
    model = CostModel({100: guided})
    again, plain = (model.cost(Size(100, 4, texts)).stages for texts in (2, 1))
    assert again == pytest.approx({**stages})
    assert plain == pytest.approx({**stages, "denoise": 4.0})
    assert model.cost(Size(200, 4, texts=2)).step == pytest.approx(4.0)


@pytest.mark.parametrize("tokens", [16, 300, 1000, 20_000])
def test_the_cost_of_other_sizes_is_recovered_from_three(tokens: int) -> None:
    model = CostModel({each: true_cost(each) for each in (64, 512, 4096)})
    found, expected = model.cost(Size(tokens, 4)), true_cost(tokens, 4)
    for stage, cost in expected.stages.items():
        assert found.stages[stage] == pytest.approx(cost, rel=0.001), stage


def test_from_a_single_size_costs_are_proportional() -> None:
    cost = CostModel({100: Cost(0.1, 1, 8, 2, 0.5)}).cost(Size(300, 4))
    assert (cost.text, cost.steps) == (0.1, 4)
    assert [cost.step, cost.decode, cost.mp4] == pytest.approx([3, 6, 1.5])


@given(
    st.dictionaries(
        st.integers(1, 100_000),
        st.builds(Cost, seconds, seconds, st.just(8), seconds, seconds),
        min_size=1,
        max_size=6,
    ),
    st.lists(st.integers(1, 200_000), min_size=2, max_size=2).map(sorted),
)
def test_a_larger_video_never_costs_less_unless_it_was_made(
    costs: dict[int, Cost], sizes: list[int]
) -> None:
    model = CostModel(costs)
    small, large = (model.cost(Size(tokens, 8)) for tokens in sizes)
    if not costs.keys() & set(sizes):
        for stage, least in small.stages.items():
            assert large.stages[stage] >= 0.999 * least > 0


def test_what_is_before_and_between_the_stages_counts_as_text() -> None:
    stages = {"queue": 5.0, "text": 0.1, "denoise": 4.0, "decode": 3.0, "mp4": 1.0}
    video = Measured(Size(100, 8), began=100.0, ended=110.0, stages=stages)
    assert video.cost(1.0) == Cost(text=2.0, step=0.5, steps=8, decode=3.0, mp4=1.0)
    assert video.cost(2.0).total == 5
