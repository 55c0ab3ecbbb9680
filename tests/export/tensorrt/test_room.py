import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.rtx_plans import RESULT
from export.memory.need import MEASURING_BYTES, MEASURING_SHARE
from export.room import Disk, Memory
from export.tensorrt.room import BASE_BYTES, HOST_SHARE, Planned, onnx_bytes, plan_needs
from ltx_triton.engines.tensorrt.cuda import Gpu

MB = 10**6
SIZES = {"text_encoder": 1000 * MB, "transformer": 2000 * MB, "vae_decoder": 200 * MB}


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
    plans = Planned(tmp_path, "bf16", None, False)
    disk, memory = plan_needs(plans, SIZES, outdated=("text_encoder", "vae_decoder"))

    assert isinstance(disk, Disk)
    assert (disk.bytes, disk.folder) == (1200 * MB, tmp_path)
    assert isinstance(memory, Memory)
    assert memory.bytes == BASE_BYTES + HOST_SHARE * 1000 * MB


def test_nothing_to_build_takes_nothing(tmp_path: Path) -> None:
    plans = Planned(tmp_path, "bf16", Gpu("Stand-in", "9.0", 1), False, ("text_encoder",))
    assert plan_needs(plans, SIZES, outdated=()) == []


def test_weights_of_all_plans_lie_on_the_gpu_unless_they_stream(tmp_path: Path) -> None:
    gpu = Gpu("Stand-in", "9.0", 24 * 10**9)
    plans = Planned(tmp_path, "bf16", gpu, False)
    *_, on_gpu = plan_needs(plans, SIZES, outdated=("vae_decoder",))
    assert isinstance(on_gpu, Memory)
    assert (on_gpu.gpu, on_gpu.bytes) == (gpu, 3200 * MB)

    beside_cpu = replace(plans, on_cpu=("text_encoder",))
    assert plan_needs(beside_cpu, SIZES, outdated=("vae_decoder",))[-1].bytes == 2200 * MB

    streamed = plan_needs(replace(plans, weight_streaming=True), SIZES, outdated=SIZES)
    assert all(need.gpu is None for need in streamed if isinstance(need, Memory))


@pytest.mark.parametrize(
    ("precision", "capability", "on_cpu", "named"),
    [
        ("bf16", "9.0", (), ["PRECISION=fp8", "TEXT_ENCODER_DEVICE=cpu", "--weight-streaming"]),
        ("bf16", "8.6", (), ["TEXT_ENCODER_DEVICE=cpu", "--weight-streaming"]),
        ("fp8", "9.0", (), ["TEXT_ENCODER_DEVICE=cpu", "--weight-streaming"]),
        ("fp16", "9.0", ("text_encoder",), ["--weight-streaming"]),
    ],
)
def test_a_remedy_is_named_where_it_helps(
    tmp_path: Path, precision: str, capability: str, on_cpu: tuple[str, ...], named: list[str]
) -> None:
    plans = Planned(tmp_path, precision, Gpu("Stand-in", capability, 1), False, on_cpu)
    needs = plan_needs(plans, SIZES, outdated=("transformer",))

    building, on_gpu = (need.remedy for need in needs if isinstance(need, Memory))
    assert building
    assert on_gpu
    assert ("PRECISION=fp8" in building) == ("PRECISION=fp8" in named)
    remedies = ("PRECISION=fp8", "TEXT_ENCODER_DEVICE=cpu", "--weight-streaming")
    assert [remedy for remedy in remedies if remedy in on_gpu] == named


@pytest.mark.parametrize(
    ("exported", "on_cpu", "share"),
    [("bf16", "bf16", 1), ("fp8", "fp32", 2), ("fp32", "bf16", 1), ("fp16", "fp32", 1)],
)
def test_on_the_cpu_only_weights_in_bf16_may_become_larger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exported: str, on_cpu: str, share: int
) -> None:
    monkeypatch.setenv("CPU_PRECISION", on_cpu)

    plans = Planned(tmp_path, exported, None, False, on_cpu=("text_encoder",))
    disk, memory = plan_needs(plans, SIZES, outdated=("text_encoder",))

    size = share * 1000 * MB
    assert (disk.bytes, memory.bytes) == (size, MEASURING_BYTES + MEASURING_SHARE * size)


def test_onnxruntime_maps_the_weights_on_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    plans = Planned(tmp_path, "fp32", None, False, on_cpu=("text_encoder",))
    disk, memory = plan_needs(plans, SIZES, outdated=("text_encoder",))
    assert (disk.bytes, memory.bytes) == (1000 * MB, MEASURING_BYTES)


def test_the_weights_of_a_graph_lie_beside_it(tmp_path: Path) -> None:
    graph = tmp_path / "model.onnx"
    graph.write_bytes(b"graph")
    (tmp_path / "model.onnx.data").write_bytes(bytes(1000))
    (tmp_path / "other.onnx.data").write_bytes(bytes(1000))

    assert onnx_bytes(graph) == 1005
