"""Count the weights of every engine at its real size, and say how much each card has left.

Graphs are traced without weights, which takes minutes and nothing of the disk. What the text
encoder takes on this machine's CPU is measured on its first layers.
"""

import argparse
import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import onnx_ir
import torch
from diffusers import AutoencoderKLLTXVideo, LTXVideoTransformer3DModel
from transformers import T5Config

from benchmarks.machine import Machine
from benchmarks.report.markdown import table
from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.open import open_checkpoint
from export.checkpoint.vae_layout import VAE_LAYOUT
from export.checkpoint.versions import DEFAULT
from export.fp8.graph import insert_qdq
from export.graphs import text_encoder, transformer, vae_decoder
from export.memory.measure import measure_memory
from export.onnx.trace import trace
from export.onnx.write import write_engine
from export.options import ExportOptions
from export.precision import Precision
from export.progress import step
from export.random.architectures import T5_XXL, TRANSFORMER_2B, TRANSFORMER_13B, VAE
from export.random.checkpoint import TEXT_ENCODER, write_random_checkpoint
from export.random.fp8_record import random_scales
from export.sampling import pipeline_config
from export.tensorrt.build import TextEncoderDevice
from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "card_memory.json"
TRANSFORMERS = {"13B": TRANSFORMER_13B, "2B": TRANSFORMER_2B}
# Of one process, as all plans are in Triton's own: a context alone takes 0.45 GB on an RTX 6000 Ada
# (https://github.com/unslothai/unsloth-zoo/pull/1053), and kernels and Triton's pool come on top.
CUDA_BYTES = 10**9
MEASURED_LAYERS = 2

Weights = Mapping[str, Mapping[str, int]]  # engine -> precision -> bytes


@dataclass(frozen=True)
class Deployment:
    """A model on a card."""

    card_gib: int
    model: str  # of TRANSFORMERS
    precision: Precision
    text_encoder: TextEncoderDevice
    file: str | None = None  # with its settings

    def gpu_bytes(self, weights: Weights) -> int:
        """Return the weights on the GPU."""
        narrow = "bf16"  # what FP8 leaves of the others
        held = weights[f"transformer {self.model}"][self.precision]
        held += weights["vae_decoder"][narrow]
        return held + (weights["text_encoder"][narrow] if self.text_encoder == "gpu" else 0)

    def left_bytes(self, weights: Weights) -> int:
        """Return what the card has left for activations."""
        return self.card_gib * 2**30 - CUDA_BYTES - self.gpu_bytes(weights)


DEPLOYMENTS = (
    Deployment(16, "2B", Precision.BF16, "cpu", "deploy/cards/16gb.env"),
    Deployment(24, "2B", Precision.BF16, "gpu"),
    Deployment(24, "13B", Precision.FP8, "cpu", "deploy/cards/24gb.env"),
    Deployment(32, "13B", Precision.FP8, "gpu"),
    Deployment(48, "13B", Precision.BF16, "cpu"),
    Deployment(80, "13B", Precision.BF16, "gpu"),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.card_memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--output", type=Path, default=RESULT, help="default: %(default)s")
    parser.add_argument("--folder", type=Path, help="for 4 GB of temporary files")
    arguments = parser.parse_args()
    diffusers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        weights = count_weights(Path(scratch))
        result = {
            "command": "python -m benchmarks.card_memory",
            "processor": Machine.here().processor,
            "torch": torch.__version__,
            "weights": weights,
            "text_encoder_on_cpu": measure_text_encoder(Path(scratch) / "measured"),
        }
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(cards(weights))


def cards(weights: Weights) -> str:
    """Return the table of docs/gpu.md."""
    heads = ["card", "model", "precision", "text encoder", "weights on the GPU", "left", "settings"]
    rows = [
        [
            f"{each.card_gib} GB",
            each.model,
            each.precision,
            each.text_encoder.upper(),
            f"{each.gpu_bytes(weights) / 1e9:.1f} GB",
            f"{each.left_bytes(weights) / 1e9:.1f} GB",
            f"`{each.file}`" if each.file else "",
        ]
        for each in DEPLOYMENTS
    ]
    return table(heads, rows)


def count_weights(folder: Path) -> dict[str, dict[str, int]]:
    """Trace every engine in the precisions that it is served in."""
    bf16 = Precision.BF16
    decoding = DEFAULT.decode_timestep, DEFAULT.decode_noise_scale
    weights = {}
    for model, config in TRANSFORMERS.items():
        checkpoint = write_configs(folder / model, config)
        with step(f"transformer {model}: tracing"):
            graph = trace(transformer.build(checkpoint, bf16))
        weights[f"transformer {model}"] = {"bf16": graph_bytes(graph)}
        insert_qdq(graph, random_scales(checkpoint.config("transformer")))
        weights[f"transformer {model}"]["fp8"] = graph_bytes(graph)
    with step("vae_decoder: tracing"):
        weights["vae_decoder"] = {
            "bf16": graph_bytes(trace(vae_decoder.build(checkpoint, bf16, *decoding)))
        }
    with step("text_encoder: tracing"):
        weights["text_encoder"] = {
            precision: graph_bytes(trace(text_encoder.build(checkpoint, precision)))
            for precision in (bf16, Precision.FP32)
        }
    return weights


def write_configs(folder: Path, transformer_config: Mapping[str, Any]) -> FolderCheckpoint:
    """Write what describing the engines needs of a checkpoint: no weights."""
    with torch.device("meta"):
        LTXVideoTransformer3DModel(**transformer_config).save_config(folder / "transformer")
        AutoencoderKLLTXVideo(**VAE_LAYOUT | VAE).save_config(folder / "vae")
    T5Config(**TEXT_ENCODER | T5_XXL).save_pretrained(folder / "text_encoder")
    return FolderCheckpoint(folder)


def graph_bytes(model: onnx_ir.Model) -> int:
    """Return the bytes of a traced graph's initializers."""
    return sum(
        int(math.prod(value.shape.numpy()) * value.dtype.itemsize)
        for value in model.graph.initializers.values()
        if value.shape is not None and value.dtype is not None
    )


def measure_text_encoder(folder: Path) -> dict[str, Any]:
    """Measure its first layers in OpenVINO, with weights in this processor's precision."""
    layers = T5_XXL | {"num_layers": MEASURED_LAYERS}
    narrow = select_cpu_precision() is CpuPrecision.BF16
    precision = Precision.BF16 if narrow else Precision.FP32
    write_random_checkpoint(
        folder / "checkpoint",
        transformer={"num_layers": 1, "caption_channels": T5_XXL["d_model"]},
        text_encoder=layers,
        dtype=torch.bfloat16,
    )
    checkpoint = open_checkpoint(str(folder / "checkpoint"), None)
    config = pipeline_config(checkpoint, ExportOptions(str(folder / "checkpoint"), folder))
    engine = text_encoder.build(checkpoint, precision)
    (folder / "engine").mkdir()
    write_engine(engine, checkpoint, folder / "engine")
    memory = measure_memory(engine.contract, config, folder / "engine")
    files = [file.stat().st_size for file in (folder / "engine").glob("model.onnx*")]
    return {
        "layers": MEASURED_LAYERS,
        "precision": precision,
        "weight_bytes": sum(files),
        "resting_bytes": memory.resting_bytes,
        "cpus": len(os.sched_getaffinity(0)),
    }


if __name__ == "__main__":
    main()
