"""Measure what OpenVINO's dynamic quantisation costs a text encoder with INT8 weights.

With INT8 weights OpenVINO rounds the inputs of products to INT8 too, in groups of as many values as
DYNAMIC_QUANTIZATION_GROUP_SIZE says; 0 turns it off. T5 has outliers, which take the precision of
their group: some channels of what its blocks add up, and of the feed-forward layers inside. Random
weights have none, so some are made.
"""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import openvino
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from benchmarks.machine import Machine
from export.checkpoint.open import open_checkpoint
from export.graphs.text_encoder import build
from export.onnx.write import write_engine
from export.precision import Precision
from export.random.checkpoint import write_random_checkpoint
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.graph import Graph
from ltx_triton.repository.layout import ENGINE_FILE

RESULT = Path(__file__).parent / "results" / "dynamic_quantization.json"
T5 = {
    "vocab_size": 1024,
    "d_model": 1024,
    "d_kv": 64,
    "d_ff": 2560,
    "num_heads": 16,
    "num_layers": 8,
}
CHANNELS = (7, 300, 777)  # with outliers
UNITS = (5, 1000, 2000)  # of the feed-forward layers, which add to these channels
OUTLIERS = (None, 100.0)  # their size beside the other channels
NORMED = 8.0  # size of the outliers after the norms, whose weights keep them small
# Weights, and whether the inputs of their products are rounded as well.
CASES = ((Precision.FP32, True), (Precision.INT8, True), (Precision.INT8, False))
TEXTS, TOKENS = 4, 64


def measure(folder: Path, outlier: float | None) -> list[dict[str, Any]]:
    write_random_checkpoint(
        folder / "checkpoint",
        transformer={"num_layers": 1, "caption_channels": T5["d_model"]},
        text_encoder=T5,
    )
    _prepare(folder / "checkpoint" / "text_encoder" / "model.safetensors", outlier)
    checkpoint = open_checkpoint(str(folder / "checkpoint"), None)
    for precision in (Precision.FP32, Precision.INT8):
        (folder / precision).mkdir()
        write_engine(build(checkpoint, precision), checkpoint, folder / precision)
    ids = np.random.default_rng(0).integers(3, T5["vocab_size"], (TEXTS, TOKENS)).astype(np.int32)
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    session = onnxruntime.InferenceSession(folder / Precision.FP32 / ENGINE_FILE)
    exact = session.run(None, inputs)[0]
    rows = []
    for arithmetic in CpuPrecision:
        for precision, rounding in CASES:
            graph = Graph(
                openvino.Core().read_model(folder / precision / ENGINE_FILE),
                arithmetic,
                dynamic_quantization=rounding,
            )
            found = graph.run(inputs)[0]
            size = graph.compiled.get_property("DYNAMIC_QUANTIZATION_GROUP_SIZE")
            rows.append(
                {
                    "outliers": outlier,
                    "weights": precision,
                    "arithmetic": arithmetic,
                    "group_size": int(size),
                    **_errors(found, exact),
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    return rows


def _prepare(file: Path, outlier: float | None) -> None:
    """Keep channels from growing, and make outliers."""
    weights = load_file(file)
    channels, units = list(CHANNELS), list(UNITS)
    for name, weight in weights.items():
        if name.endswith("wo.weight"):
            weight *= 0.2  # beside outliers, norms do not keep the other channels from growing
        if outlier is None:
            continue
        if name == "shared.weight":
            weight[:, channels] = outlier  # as constant as a trained model's
        elif "layer_norm" in name:
            # The norm divides a token by about this, the root of the mean square of its outliers.
            weight *= outlier * (len(channels) / T5["d_model"]) ** 0.5
            weight[channels] *= NORMED / outlier
        elif name.endswith(("wi_0.weight", "wi_1.weight")):
            weight[units] *= 20
        elif name.endswith("wo.weight"):
            weight[:, units] = 0
            weight[channels, units] = outlier / 20_000  # of values up to hundreds
    save_file(weights, file, metadata={"format": "pt"})


def _errors(found: NDArray[Any], exact: NDArray[Any]) -> dict[str, float]:
    """Relative L2 errors of the tokens' embeddings, without the channels that have outliers."""
    others = np.setdiff1d(np.arange(T5["d_model"]), CHANNELS)
    found, exact = found[..., others].astype(np.float64), exact[..., others].astype(np.float64)
    errors = np.linalg.norm(found - exact, axis=-1) / np.linalg.norm(exact, axis=-1)
    return {"median": float(np.median(errors)), "percentile_95": float(np.percentile(errors, 95))}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.dynamic_quantization",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--output", type=Path, default=RESULT, help="result file (default: %(default)s)"
    )
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    rows = []
    for outlier in OUTLIERS:
        with tempfile.TemporaryDirectory() as folder:
            rows += measure(Path(folder), outlier)
    result = {
        "command": "python -m benchmarks.dynamic_quantization",
        "machine": asdict(Machine.here()),
        "text_encoder": T5,
        "cases": rows,
    }
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
