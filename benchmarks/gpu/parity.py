"""How far the engines are from PyTorch, before anybody times them.

Rounding to BF16 costs PyTorch an error as well, and an engine is right if its own is not much
larger. In FP8 the transformer is compared with PyTorch that rounds the same linears to FP8.
"""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import load_inputs, load_output
from benchmarks.baselines.reference import EXACT, QUANTIZED, ROUNDED
from benchmarks.frame_quality import psnr
from benchmarks.gpu.cases import onnx_folder
from benchmarks.gpu.samples import REQUEST
from export.verification.verify import relative_l2, run
from ltx_triton.contract import ENGINES, TRANSFORMER, ModelContract
from ltx_triton.repository.layout import ENGINE_FILE

FACTOR = 1.5
_LEAST_BOUND = 1e-3  # for FP32, where both are next to nothing
_EQUAL_DB = 100.0  # for equal frames, as JSON has no infinity

Errors = dict[str, dict[str, Any]]  # engine -> errors of "engine" and "torch", "bound", "passed"


def against_pytorch(case: Case) -> Errors:
    """Compare outputs of the engines with PyTorch in FP32: relative L2 errors."""
    return _compare(case, lambda model: load_output(case, EXACT, model.name))


def against_onnxruntime(case: Case) -> Errors:
    """Compare with ONNX Runtime, which computes in FP32 on the CPU."""

    def expected(model: ModelContract) -> NDArray[Any]:
        inputs = dict(load_inputs(case, model))
        return run(onnx_folder(case, model.name) / ENGINE_FILE, [inputs])[0]

    return _compare(case, expected)


def all_passed(errors: Errors) -> bool:
    return all(each["passed"] for each in errors.values())


def verdict(errors: dict[str, Errors]) -> str:
    """Return a line for each engine and what it was compared with."""
    return "\n".join(
        f"parity with {other}: {name} {'passed' if each['passed'] else 'FAILED'}, relative error "
        f"{each['engine']:.3g}, at most {each['bound']:.3g}, PyTorch's {each['torch']:.3g}"
        for other, engines in errors.items()
        for name, each in engines.items()
    )


def request_psnr(case: Case, side: str) -> float:
    """Return dB between the frames of a side and PyTorch in FP32; 100 for equal frames."""
    exact = load_output(case, EXACT, REQUEST)
    return min(psnr(load_output(case, side, REQUEST), exact), _EQUAL_DB)


def _compare(case: Case, expected: Callable[[ModelContract], NDArray[Any]]) -> Errors:
    errors: Errors = {}
    for model in ENGINES:
        exact = expected(model)
        quantized = case.precision == "fp8" and model == TRANSFORMER
        torch_side = QUANTIZED if quantized else ROUNDED
        torch_error = relative_l2(load_output(case, torch_side, model.name), exact)
        error = relative_l2(load_output(case, "engine", model.name), exact)
        bound = max(FACTOR * torch_error, _LEAST_BOUND)
        errors[model.name] = {
            "engine": error,
            "torch": torch_error,
            "bound": bound,
            "passed": error <= bound,  # not a number fails
        }
    return errors
