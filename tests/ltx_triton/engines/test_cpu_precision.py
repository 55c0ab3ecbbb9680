from pathlib import Path

import pytest

from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision


@pytest.mark.parametrize("wanted", list(CpuPrecision))
def test_a_precision_can_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, wanted: CpuPrecision
) -> None:
    monkeypatch.setenv("CPU_PRECISION", wanted)

    assert select_cpu_precision() is wanted


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ("avx512f avx512_bf16", CpuPrecision.BF16),
        ("avx2 amx_bf16", CpuPrecision.BF16),
        ("fp asimd bf16", CpuPrecision.BF16),
        ("avx2 fma", CpuPrecision.FP32),
    ],
)
def test_by_itself_it_is_bf16_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flags: str, precision: CpuPrecision
) -> None:
    monkeypatch.delenv("CPU_PRECISION", raising=False)
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(f"flags : {flags}\n")

    assert select_cpu_precision(cpu_info) is precision
