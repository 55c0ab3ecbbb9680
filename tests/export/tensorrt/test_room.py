import json
from pathlib import Path

import pytest

from benchmarks.rtx_plans import RESULT
from export.memory.need import MEASURING_BYTES, MEASURING_SHARE
from export.room import Disk, Memory
from export.tensorrt.room import BASE_BYTES, HOST_SHARE, cpu_needs, onnx_bytes, plan_needs
from ltx_triton.contract import TEXT_ENCODER

MB = 10**6


def test_the_memory_of_every_large_build_that_was_measured_is_covered() -> None:
    cases = json.loads(RESULT.read_text())["cases"].values()
    shares = [
        case["build"]["peak_anonymous_bytes"] / case["onnx_bytes"]
        for case in cases
        if case["onnx_bytes"] > 2e9
    ]
    assert len(shares) >= 3
    assert max(shares) < HOST_SHARE < 1.1 * max(shares)


def test_the_largest_engine_decides_the_memory_and_all_the_disk(tmp_path: Path) -> None:
    disk, memory = plan_needs([1000 * MB, 200 * MB], tmp_path)

    assert isinstance(disk, Disk)
    assert (disk.bytes, disk.folder) == (1200 * MB, tmp_path)
    assert isinstance(memory, Memory)
    assert memory.bytes == BASE_BYTES + HOST_SHARE * 1000 * MB


def test_nothing_to_build_takes_nothing(tmp_path: Path) -> None:
    assert plan_needs([], tmp_path) == []


@pytest.mark.parametrize(
    ("exported", "on_cpu", "share"),
    [("bf16", "bf16", 1), ("fp8", "fp32", 2), ("fp32", "bf16", 1), ("fp16", "fp32", 1)],
)
def test_on_the_cpu_only_weights_in_bf16_may_become_larger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exported: str, on_cpu: str, share: int
) -> None:
    monkeypatch.setenv("CPU_PRECISION", on_cpu)

    disk, memory = cpu_needs(TEXT_ENCODER, 1000 * MB, exported, tmp_path)

    size = share * 1000 * MB
    assert (disk.bytes, memory.bytes) == (size, MEASURING_BYTES + MEASURING_SHARE * size)


def test_the_weights_of_a_graph_lie_beside_it(tmp_path: Path) -> None:
    graph = tmp_path / "model.onnx"
    graph.write_bytes(b"graph")
    (tmp_path / "model.onnx.data").write_bytes(bytes(1000))
    (tmp_path / "other.onnx.data").write_bytes(bytes(1000))

    assert onnx_bytes(graph) == 1005
