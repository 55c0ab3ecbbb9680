import pytest

from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision


@pytest.mark.parametrize("wanted", list(CpuPrecision))
def test_a_precision_can_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, wanted: CpuPrecision
) -> None:
    monkeypatch.setenv("CPU_PRECISION", wanted)

    assert select_cpu_precision() is wanted


@pytest.mark.parametrize(
    ("has_bf16", "precision"), [(True, CpuPrecision.BF16), (False, CpuPrecision.FP32)]
)
def test_by_itself_it_is_bf16_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, has_bf16: bool, precision: CpuPrecision
) -> None:
    monkeypatch.delenv("CPU_PRECISION", raising=False)
    monkeypatch.setattr("ltx_triton.engines.openvino.has_bf16", lambda: has_bf16)

    assert select_cpu_precision() is precision
