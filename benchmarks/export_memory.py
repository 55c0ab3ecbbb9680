"""Measure memory, seconds and disk of exporting LTX-Video 0.9.7 at its real size.

For one component at a time (13B transformer, T5 v1.1 XXL encoder, VAE), write random weights in
BF16, export them in BF16 and delete everything. The comparison with PyTorch is measured on the same
components, but on a third or less of their layers, and so is running an engine to measure what
videos cost in memory. Each part runs in its own process.
"""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import diffusers
import psutil
import torch
from tqdm import tqdm

from benchmarks.memory import watch
from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.open import open_checkpoint
from export.checkpoint.versions import DEFAULT
from export.checkpoint.weights import fp32_weight_bytes
from export.graphs import text_encoder, transformer, vae_decoder
from export.graphs.engine import Engine
from export.memory.measure import measure_here
from export.onnx.write import write_engine
from export.options import ExportOptions
from export.precision import Precision
from export.random.architectures import T5_SMALLEST, T5_XXL, TRANSFORMER_2B, TRANSFORMER_13B, VAE
from export.random.checkpoint import write_random_checkpoint
from export.sampling import pipeline_config
from export.verification.verify import verify
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE

RESULT = Path(__file__).parent / "results" / "export_memory.json"
COMPONENTS: dict[str, dict[str, Any]] = {
    "vae": VAE,
    "text_encoder": T5_XXL,
    "transformer": TRANSFORMER_13B,
}
SMALL: dict[str, Any] = {
    "transformer": {"num_layers": 1, "caption_channels": 4096},
    "text_encoder": T5_SMALLEST,
}
COMPARED = {
    "vae": VAE,
    "text_encoder": T5_XXL | {"num_layers": 8},
    "transformer": TRANSFORMER_13B | {"num_layers": 8},
}
MEASURED_LAYERS = (1, 4)  # what grows with the weights, and what does not
SHARD_BYTES = 1 << 30


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.export_memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="folder for up to 53 GB of temporary files (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULT,
        help="result file (default: %(default)s)",
    )
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=PARTS,
        default=list(PARTS),
        help="parts to measure; the result file keeps the others' figures (default: all)",
    )
    arguments = parser.parse_args()
    result = json.loads(arguments.output.read_text()) if arguments.output.exists() else {}
    result |= {
        "command": "python -m benchmarks.export_memory",
        "cpus": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    arguments.output.parent.mkdir(exist_ok=True)
    for part in tqdm(arguments.parts, desc="parts"):
        result[part] = PARTS[part](arguments.folder)
        arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def measure_export(folder: Path, component: str) -> dict[str, Any]:
    """Write one component at its real size and export it."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        checkpoint, engine = _folders(scratch)
        watch(_write_checkpoint, checkpoint, {component: COMPONENTS[component]})
        exported = watch(_export, checkpoint, engine, component)
        shards = sorted((checkpoint / component).glob("*.safetensors"))
        checkpoint_bytes = sum(shard.stat().st_size for shard in shards)
        onnx_bytes = _onnx_bytes(engine)
    return {
        "config": COMPONENTS[component],
        "checkpoint_bytes": checkpoint_bytes,
        "checkpoint_files": len(shards),
        "onnx_bytes": onnx_bytes,
        "disk_bytes": checkpoint_bytes + onnx_bytes,
        "export": asdict(exported),
    }


def measure_exports(folder: Path) -> dict[str, Any]:
    return {component: measure_export(folder, component) for component in COMPONENTS}


def measure_verifications(folder: Path) -> dict[str, Any]:
    """Compare each component with PyTorch."""
    return {
        component: _measure_engine(folder, component, config, _verify)
        for component, config in COMPARED.items()
    }


def measure_measuring(folder: Path) -> list[dict[str, Any]]:
    """Run transformers of the 2B model's width as the exporter does to measure their memory."""
    return [
        _measure_engine(
            folder, "transformer", TRANSFORMER_2B | {"num_layers": layers}, _measure_memory
        )
        for layers in MEASURED_LAYERS
    ]


def _measure_engine(
    folder: Path, component: str, config: dict[str, Any], work: Callable[..., None]
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        checkpoint, engine = _folders(scratch)
        watch(_write_checkpoint, checkpoint, {component: config})
        watch(_export, checkpoint, engine, component)
        usage = watch(work, checkpoint, engine, component)
        fp32_bytes = fp32_weight_bytes(_open(checkpoint).weights(component).values())
        onnx_bytes = _onnx_bytes(engine)
    return {
        "config": config,
        "fp32_bytes": fp32_bytes,
        "onnx_bytes": onnx_bytes,
        "usage": asdict(usage),
    }


PARTS = {
    "components": measure_exports,
    "verification": measure_verifications,
    "measuring": measure_measuring,
}


def _folders(scratch: str) -> tuple[Path, Path]:
    engine = Path(scratch) / "engine"
    engine.mkdir()
    return Path(scratch) / "checkpoint", engine


def _onnx_bytes(engine: Path) -> int:
    return sum((engine / file).stat().st_size for file in (ENGINE_FILE, DATA_FILE))


def _write_checkpoint(folder: Path, full: dict[str, Any]) -> None:
    """Write the components in `full` at their size, the others as small as possible."""
    write_random_checkpoint(folder, **SMALL | full, dtype=torch.bfloat16, shard_bytes=SHARD_BYTES)


def _open(folder: Path) -> Checkpoint:
    diffusers.logging.set_verbosity_error()
    return open_checkpoint(str(folder), None)


def _export(folder: Path, engine: Path, component: str) -> None:
    checkpoint = _open(folder)
    write_engine(_build(checkpoint, component), checkpoint, engine)


def _verify(folder: Path, engine: Path, component: str) -> None:
    checkpoint = _open(folder)
    contract = _build(checkpoint, component).contract
    verify(contract, checkpoint, _config(folder, engine), engine / ENGINE_FILE)


def _measure_memory(folder: Path, engine: Path, component: str) -> None:
    contract = _build(_open(folder), component).contract
    measure_here(contract, _config(folder, engine), engine)


def _config(folder: Path, engine: Path) -> PipelineConfig:
    options = ExportOptions(model=str(folder), output=engine, precision=Precision.BF16)
    return pipeline_config(_open(folder), options)


def _build(checkpoint: Checkpoint, component: str) -> Engine:
    if component == "vae":
        return vae_decoder.build(
            checkpoint, Precision.BF16, DEFAULT.decode_timestep, DEFAULT.decode_noise_scale
        )
    build = {"transformer": transformer.build, "text_encoder": text_encoder.build}[component]
    return build(checkpoint, Precision.BF16)


if __name__ == "__main__":
    main()
