"""Compute errors, medians and lower bounds from the results."""

from statistics import median
from typing import Any

import numpy as np

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import load_output
from benchmarks.frame_quality import psnr
from ltx_triton.contract import ENGINES, TEXT_ENCODER, TRANSFORMER, VAE_DECODER

REQUEST = "request"
_EQUAL_DB = 100.0  # for equal frames, as JSON has no infinity
_SIDES = {"engine": "engine", "triton": "Triton", "eager": "eager", "compiled": "torch.compile"}


def errors(case: Case) -> dict[str, dict[str, float]]:
    """Compare all outputs with PyTorch in FP32.

    Returns:
        Component -> system -> relative L2 error; for "request" PSNR in dB, 100 for equal frames.
    """
    found: dict[str, dict[str, float]] = {}
    for name in (contract.name for contract in ENGINES):
        exact = load_output(case, "fp32", name).astype(np.float64)
        found[name] = {}
        for side in ("engine", "eager"):
            difference = load_output(case, side, name) - exact
            found[name][side] = float(np.linalg.norm(difference) / np.linalg.norm(exact))
    exact_frames = load_output(case, "fp32", REQUEST)
    found["request_psnr_db"] = {
        side: min(psnr(load_output(case, side, REQUEST), exact_frames), _EQUAL_DB)
        for side in ("engine", "triton", "eager")
    }
    return found


def floors(case: Case, flops: dict[str, Any], peaks: dict[str, float]) -> dict[str, float]:
    """Return lower bounds in seconds: the operations at the measured peak rate."""
    narrow = "bf16" if case.precision == "fp8" else case.precision
    seconds = {}
    for name, counts in flops.items():
        quantized = name == TRANSFORMER.name and case.precision == "fp8"
        linear = peaks["fp8"] if quantized else peaks[narrow]
        seconds[name] = counts["linear"] / linear + counts["other"] / peaks[narrow]
    seconds[REQUEST] = (
        seconds[TEXT_ENCODER.name]
        + case.steps * seconds[TRANSFORMER.name]
        + seconds[VAE_DECODER.name]
    )
    return seconds


def table(result: dict[str, Any]) -> str:
    """Format a Markdown table: milliseconds of each system, and floor over engine."""
    rows = [
        "| | engine | Triton | eager | torch.compile | floor | floor / engine |",
        "|---|---|---|---|---|---|---|",
    ]
    for what, floor in result["floor_seconds"].items():
        samples = result["seconds"][what]
        cells = [f"{median(samples[side]) * 1e3:.1f}" if side in samples else "" for side in _SIDES]
        share = floor / median(samples["engine"])
        rows.append(f"| {what} | {' | '.join(cells)} | {floor * 1e3:.1f} | {share:.0%} |")
    return "\n".join(rows)
