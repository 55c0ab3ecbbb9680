import asyncio

import pytest

from frontend.metrics.engine import EngineMemory, gib, parse_memory, read_memory
from tests.frontend.fake_triton import GPU_METRICS, METRICS, FakeTriton

GIB = 2**30


def test_a_machine_without_a_gpu() -> None:
    assert parse_memory(METRICS) == EngineMemory(engine_bytes=3 * GIB)


def test_a_machine_with_a_gpu_and_one_engine_on_the_cpu() -> None:
    assert parse_memory(GPU_METRICS) == EngineMemory(
        engine_bytes=3 * GIB,
        gpu_engine_bytes=2 * GIB,
        gpu_total_bytes=80 * GIB,
        gpu_used_bytes=3 * GIB,
    )


def test_a_text_encoder_beside_tritons_own_backend_is_not_all_engines() -> None:
    page = "".join(line for line in GPU_METRICS.splitlines(True) if 'device="cuda"' not in line)

    memory = parse_memory(page)

    assert (memory.engine_bytes, memory.gpu_engine_bytes) == (None, None)
    assert memory.gpu_total_bytes == 80 * GIB


def test_a_server_without_metrics_leaves_everything_open() -> None:
    assert asyncio.run(read_memory("http://127.0.0.1:9/metrics")) == EngineMemory()


@pytest.mark.parametrize("page", ["\x00 not metrics", f"{METRICS}cut {{"])
def test_a_page_that_cannot_be_parsed_leaves_everything_open(
    page: str, fake_triton: FakeTriton
) -> None:
    fake_triton.metrics = page
    assert asyncio.run(read_memory(fake_triton.metrics_url)) == EngineMemory()


def test_figures_are_rounded_to_two_decimals() -> None:
    assert gib(1.23456 * GIB) == 1.23
    assert gib(None) is None


def test_an_address_that_cannot_even_be_asked_leaves_everything_open() -> None:
    assert asyncio.run(read_memory("http://127.0.0.1:999999/metrics")) == EngineMemory()


def test_a_proxy_of_the_environment_is_not_asked(
    fake_triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    assert asyncio.run(read_memory(fake_triton.metrics_url)).engine_bytes == 3 * GIB


def test_what_went_wrong_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", "frontend.metrics")

    asyncio.run(read_memory("http://127.0.0.1:9/metrics"))

    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("value", ["NaN", "+Inf"])
def test_a_figure_that_is_no_number_is_unknown(value: str) -> None:
    assert parse_memory(f"nv_gpu_memory_total_bytes {value}") == EngineMemory()
