import pytest

from benchmarks.report.figures import Figures
from tests.benchmarks.report.measured import measurements


@pytest.fixture
def figures() -> Figures:
    return Figures(measurements())


def test_baselines_are_compared_round_by_round(figures: Figures) -> None:
    assert figures.slowdown("diffusers").value == pytest.approx(3)
    assert figures.load_ratio(4).value == pytest.approx(1.5)
    assert figures.together(4).value == pytest.approx(2)


def test_overhead_is_the_service_minus_the_engines_in_process(figures: Figures) -> None:
    assert figures.overhead() == pytest.approx(0.25)
    assert figures.step_overhead() == pytest.approx((2.0 - 1.5) * 0.5 / 8)


def test_the_fit_finds_the_constant_and_the_rate(figures: Figures) -> None:
    fit = figures.fit("transformer")
    assert fit.constant == pytest.approx(0.01)
    assert fit.rate == pytest.approx(1e11)
    assert fit.peak_share == pytest.approx(0.5)


def test_the_step_fit_separates_steps_from_the_rest(figures: Figures) -> None:
    constant, slope = figures.step_fit()
    assert constant == pytest.approx(1.0)
    assert slope == pytest.approx(0.5)


def test_the_strongest_peer_runs_the_checkpoint_as_it_is(figures: Figures) -> None:
    assert figures.strongest() == "optimum-intel dynamic"
    assert figures.frames_slowdown("OpenVINO GenAI").value == pytest.approx(2.16 / 1.5)


def test_targets_are_met_or_missed(figures: Figures) -> None:
    met = {target.name: target.met for target in figures.targets()}
    assert met == {
        "diffusers, eager, BF16: time": False,
        "diffusers, torch.compile, BF16: time": False,
        "optimum-intel, static shapes: time": True,
        "optimum-intel, dynamic shapes (its default): time": False,
        "OpenVINO GenAI: frames": True,
        "outside the engines": False,
        "overhead per denoising step": False,
        "large request, optimum-intel, static shapes": True,
        "memory of all processes, default request": True,
        "memory of all processes, large request": False,
        "memory of all processes, held after it": False,
        "4 clients, throughput over FastAPI + optimum-intel": True,
        "4 clients, throughput over one client": True,
        "quoted time, median error": True,
        "quoted time, 95 % of errors": True,
        "`make serve` to ready": False,
        "frontend memory": True,
        "serving environment": True,
    }
