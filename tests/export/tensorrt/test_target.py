"""Which library builds for which GPUs. TensorRT-RTX is real; TensorRT and the GPU stand in."""

from types import SimpleNamespace

import pytest

from export.errors import ExportError
from export.tensorrt.target import find_target
from ltx_triton.engines.tensorrt.cuda import Gpu


def install(monkeypatch: pytest.MonkeyPatch, capability: str) -> None:
    library = SimpleNamespace(trt=SimpleNamespace(__version__="11.4.0"), strongly_typed=True)
    gpu = Gpu("NVIDIA Stand-in", capability, 24 * 2**30)
    monkeypatch.setattr("export.tensorrt.target.find_gpu", lambda: gpu)
    monkeypatch.setattr("export.tensorrt.target.load_tensorrt", lambda _: library)


@pytest.mark.parametrize(
    ("precision", "capabilities"), [("bf16", ("8.6", "8.9", "12.0")), ("fp8", ("8.9", "12.0"))]
)
def test_tensorrt_rtx_builds_for_all_cards_that_have_the_precision(
    precision: str, capabilities: tuple[str, ...]
) -> None:
    target = find_target("tensorrt-rtx", precision)

    assert (target.gpu, target.compute_capabilities) == (None, capabilities)
    assert str(target) == (
        f"tensorrt-rtx {target.version} for GeForce and RTX cards ({', '.join(capabilities)})"
    )


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_precisions_that_tensorrt_rtx_does_not_run_well_are_refused(precision: str) -> None:
    with pytest.raises(ExportError, match=f"is not offered in {precision}; allowed: bf16, fp8"):
        find_target("tensorrt-rtx", precision)


@pytest.mark.parametrize(
    ("precision", "capability"), [("bf16", "8.0"), ("fp8", "8.9"), ("fp8", "12.0"), ("fp16", "7.5")]
)
def test_tensorrt_builds_for_the_gpu_at_hand(
    monkeypatch: pytest.MonkeyPatch, precision: str, capability: str
) -> None:
    install(monkeypatch, capability)

    assert find_target("tensorrt", precision).compute_capabilities == (capability,)


@pytest.mark.parametrize(
    ("precision", "capability", "fitting"),
    [("bf16", "7.5", "fp16"), ("fp8", "7.5", "fp16"), ("fp8", "8.6", "bf16")],
)
def test_a_gpu_without_the_precision_is_refused_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch, precision: str, capability: str, fitting: str
) -> None:
    install(monkeypatch, capability)

    message = f"needs a GPU .* NVIDIA Stand-in has {capability}, which fits PRECISION={fitting}$"
    with pytest.raises(ExportError, match=message):
        find_target("tensorrt", precision)
