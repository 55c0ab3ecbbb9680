import logging
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ltx_triton.engines.tensorrt.errors import TensorRtError
from ltx_triton.engines.tensorrt.library import load_tensorrt, open_plan
from ltx_triton.engines.tensorrt.logger import make_logger
from tests.ltx_triton.engines.tensorrt.fake_gpu import FakeILogger, fake_tensorrt


def install(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", fake_tensorrt(None, version))


@pytest.mark.parametrize(
    ("version", "strongly_typed"),
    [("8.6.1", False), ("10.13.2.6", True), ("10.16.1.11", True), ("11.4.0.106", True)],
)
def test_supported_versions(
    monkeypatch: pytest.MonkeyPatch, version: str, strongly_typed: bool
) -> None:
    install(monkeypatch, version)

    assert load_tensorrt("tensorrt").strongly_typed == strongly_typed


@pytest.mark.parametrize("version", ["8.5.3", "8.7.0", "9.3.0", "10.12.0"])
def test_unsupported_versions_are_refused_with_the_supported_ones(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    install(monkeypatch, version)

    with pytest.raises(TensorRtError, match=rf"{version} is not supported; allowed: 8\.6, or 10"):
        load_tensorrt("tensorrt")


def test_a_missing_tensorrt_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)

    with pytest.raises(TensorRtError, match=r"cannot be imported .*pip install tensorrt-cu13"):
        load_tensorrt("tensorrt")


def test_warnings_are_logged_details_are_not(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    install(monkeypatch, "11.4.0")
    logger = make_logger(load_tensorrt("tensorrt"))

    with caplog.at_level(logging.DEBUG):
        logger.log(FakeILogger.VERBOSE, "a detail")
        logger.log(FakeILogger.WARNING, "a warning")
        logger.log(FakeILogger.ERROR, "a fault")

    assert caplog.messages == ["TensorRT: a warning", "TensorRT: a fault"]
    assert logger.take_errors() == "a fault"


@pytest.mark.parametrize(
    "message",
    [
        "Error Code 2: OutOfMemory (Requested size was 12345 bytes.)",
        "Requested amount of GPU memory (12345 bytes) could not be allocated.",
    ],
)
def test_the_error_says_out_of_memory(monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    install(monkeypatch, "11.4.0")
    logger = make_logger(load_tensorrt("tensorrt"))
    logger.log(FakeILogger.ERROR, message)

    assert logger.take_errors() == f"out of memory: {message}"


def test_a_plan_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "model.plan"
    file.write_bytes(b"a plan")
    runtime: Any = SimpleNamespace(deserialize_cuda_engine=lambda plan: bytes(plan))

    assert open_plan(runtime, file) == b"a plan"
