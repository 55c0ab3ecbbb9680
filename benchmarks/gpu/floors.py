"""Lower bounds of times: the operations at the rate that large products reach."""

from typing import Any

from benchmarks.baselines.case import Case
from benchmarks.gpu.samples import REQUEST
from ltx_triton.contract import TEXT_ENCODER, TRANSFORMER, VAE_DECODER


def narrow(case: Case) -> str:
    """Return the precision of what is not in FP8."""
    return "bf16" if case.precision == "fp8" else case.precision


def floors(case: Case, flops: dict[str, Any], peaks: dict[str, float]) -> dict[str, float]:
    """Return lower bounds in seconds, of each engine and of the request."""
    rate = peaks[narrow(case)]
    seconds = {}
    for name, counts in flops.items():
        quantized = name == TRANSFORMER.name and case.precision == "fp8"
        linear = peaks["fp8"] if quantized else rate
        seconds[name] = counts["linear"] / linear + counts["other"] / rate
    seconds[REQUEST] = (
        seconds[TEXT_ENCODER.name]
        + case.steps * seconds[TRANSFORMER.name]
        + seconds[VAE_DECODER.name]
    )
    return seconds
