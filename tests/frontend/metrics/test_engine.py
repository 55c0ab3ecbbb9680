import asyncio

import pytest

from frontend.metrics.engine import EngineMetrics, engine_metrics, gib, read_metrics
from tests.frontend.fake_triton import GPU_METRICS, METRICS, FakeTriton

GIB = 2**30


def test_a_machine_without_a_gpu() -> None:
    metrics = engine_metrics(METRICS)
    assert metrics == EngineMetrics("someone/Fake-Model", "cpu", "A CPU", 3 * GIB, None, None)
    assert not metrics.gpu_available


def test_a_machine_with_a_gpu() -> None:
    metrics = engine_metrics(GPU_METRICS)
    assert metrics.gpu_available
    assert metrics.device_name == 'A "big" GPU'
    assert (metrics.gpu_total_bytes, metrics.gpu_used_bytes) == (80 * GIB, 3 * GIB)


def test_a_server_without_metrics_leaves_everything_open() -> None:
    assert asyncio.run(read_metrics("http://127.0.0.1:9/metrics")) == EngineMetrics()


@pytest.mark.parametrize("page", ["\x00 not metrics", f"{METRICS}cut {{"])
def test_a_page_that_cannot_be_parsed_leaves_everything_open(
    page: str, fake_triton: FakeTriton
) -> None:
    fake_triton.metrics = page
    assert asyncio.run(read_metrics(fake_triton.metrics_url)) == EngineMetrics()


def test_figures_are_rounded_to_two_decimals() -> None:
    assert gib(1.23456 * GIB) == 1.23
    assert gib(None) is None


def test_an_address_that_cannot_even_be_asked_leaves_everything_open() -> None:
    assert asyncio.run(read_metrics("http://127.0.0.1:999999/metrics")) == EngineMetrics()


def test_a_proxy_of_the_environment_is_not_asked(
    fake_triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    assert asyncio.run(read_metrics(fake_triton.metrics_url)).device == "cpu"


def test_what_went_wrong_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", "frontend.metrics")

    asyncio.run(read_metrics("http://127.0.0.1:9/metrics"))

    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("value", ["NaN", "+Inf"])
def test_a_figure_that_is_no_number_is_unknown(value: str) -> None:
    assert engine_metrics(f"nv_gpu_memory_total_bytes {value}") == EngineMetrics()
