from pathlib import Path

import pytest

from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision


@pytest.mark.parametrize("requested", list(CpuPrecision))
def test_takes_the_precision_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, requested: CpuPrecision
) -> None:
    monkeypatch.setenv("CPU_PRECISION", requested)

    assert select_cpu_precision() is requested


def test_onnx_runtime_computes_in_fp32_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text("flags : avx512_bf16\n")
    for requested in ("auto", "fp32", ""):
        monkeypatch.setenv("CPU_PRECISION", requested)
        assert select_cpu_precision(cpu_info) is CpuPrecision.FP32

    monkeypatch.setenv("CPU_PRECISION", "bf16")
    with pytest.raises(RuntimeError, match=r"CPU_RUNTIME=onnxruntime .* CPU_PRECISION is bf16"):
        select_cpu_precision(cpu_info)


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ("avx512f avx512_bf16", CpuPrecision.BF16),
        ("avx2 amx_bf16", CpuPrecision.BF16),
        ("fp asimd bf16", CpuPrecision.BF16),
        ("avx2 fma", CpuPrecision.FP32),
    ],
)
def test_auto_is_bf16_if_the_processor_supports_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flags: str, precision: CpuPrecision
) -> None:
    monkeypatch.delenv("CPU_PRECISION", raising=False)
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(f"flags : {flags}\n")

    assert select_cpu_precision(cpu_info) is precision
