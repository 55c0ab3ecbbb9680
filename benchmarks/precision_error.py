"""Measure the error of each precision against PyTorch in FP32.

Run the exporter's modules in PyTorch in each precision, so that the errors include rounding of the
arithmetic. FP8 is simulated in BF16 arithmetic, and its exported graph also runs in ONNX Runtime.
Without --model, measure two random checkpoints: a tiny one and one with wider layers. Their weights
have no outliers, unlike trained ones: measure your own checkpoint.
"""

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

import diffusers
import onnxruntime
import torch
import transformers

from benchmarks.precision_runs import REQUEST, Measurement
from export.checkpoint.open import open_checkpoint
from export.precision import Precision
from export.random.checkpoint import write_random_checkpoint

RESULT = Path(__file__).parent / "results" / "precision_error.json"
WIDE = {
    "num_attention_heads": 8,
    "attention_head_dim": 128,
    "cross_attention_dim": 1024,
    "num_layers": 8,
}


def measure(folder: Path) -> dict[str, Any]:
    checkpoint = open_checkpoint(str(folder), None)
    with tempfile.TemporaryDirectory() as scratch:
        measurement = Measurement(checkpoint, Path(scratch))
        figures = {}
        for precision in (Precision.FP16, Precision.BF16, Precision.FP8):
            with measurement.runs(precision) as runs:
                figures[str(precision)] = measurement.figures(runs)
        with measurement.fp8_graph() as runs:
            figures["fp8 graph"] = measurement.figures(runs)
        config = checkpoint.config("transformer")
        return {
            "transformer": {name: config[name] for name in WIDE},
            "figures": figures,
            "fp8_weights_relative_l2": measurement.weight_errors(),
            "fp8_record": measurement.record.model_dump(),
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.precision_error",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, help="checkpoint folder in diffusers' format")
    parser.add_argument(
        "--output", type=Path, default=RESULT, help="result file (default: %(default)s)"
    )
    options = parser.parse_args()
    diffusers.logging.set_verbosity_error()
    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        if options.model is None:
            models = {"random": Path(folder) / "random", "random, wider": Path(folder) / "wider"}
            write_random_checkpoint(models["random"])
            write_random_checkpoint(models["random, wider"], transformer=WIDE)
        else:
            models = {options.model.resolve().name: options.model}
        results = {name: measure(model) for name, model in models.items()}
    result = {
        "command": "python -m benchmarks.precision_error"
        + (f" --model {options.model}" if options.model else ""),
        "request": REQUEST.model_dump(),
        "models": results,
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
    }
    options.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for name, model in results.items():
        print(f"{name:20}{'text_encoder':>14}{'transformer':>14}{'vae_decoder':>14}  PSNR  SSIM")
        for precision, figures in model["figures"].items():
            errors = "".join(f"{error:>14.2g}" for error in figures["relative_l2"].values())
            print(f"  {precision:18}{errors}  {figures['psnr']:.1f}  {figures['ssim']:.4f}")


if __name__ == "__main__":
    main()
