import pytest

from benchmarks.report.figures import Figures
from tests.benchmarks.report.measured import measurements


@pytest.fixture
def figures() -> Figures:
    return Figures(measurements())


def test_peers_are_compared_round_by_round(figures: Figures) -> None:
    assert figures.against("diffusers").value == pytest.approx(3)
    assert figures.load_ratio(4).value == pytest.approx(1.5)
    assert figures.together(4).value == pytest.approx(2)


def test_what_is_not_in_engines_is_the_service_less_the_bare_engines(figures: Figures) -> None:
    assert figures.beside_engines() == pytest.approx(0.25)
    assert figures.step_overhead() == pytest.approx((2.0 - 1.5) * 0.5 / 8)


def test_the_fit_finds_the_constant_and_the_rate(figures: Figures) -> None:
    fit = figures.fit("transformer")
    assert fit.constant == pytest.approx(0.01)
    assert fit.rate == pytest.approx(1e11)
    assert fit.peak_share == pytest.approx(0.5)


def test_the_steps_of_a_request_are_told_from_the_rest_of_it(figures: Figures) -> None:
    constant, further = figures.step_fit()
    assert constant == pytest.approx(1.0)
    assert further == pytest.approx(0.5)


def test_targets_are_met_or_missed(figures: Figures) -> None:
    met = {target.what: target.met for target in figures.targets()}
    assert met == {
        "diffusers eager takes": True,
        "torch.compile takes": True,
        "not in engines": False,
        "a step above the bare one": False,
        "4 clients, over the peer": True,
        "4 clients, over one by one": True,
        "`make serve` to ready": True,
        "memory of the frontend": True,
    }
