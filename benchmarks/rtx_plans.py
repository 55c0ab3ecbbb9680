"""Build TensorRT-RTX plans of LTX-Video's true sizes from random weights, on a machine without GPU.

For one engine at a time, write a random checkpoint in BF16, export it, build a plan with the
profiles of the default sizes, and delete everything. Records seconds, memory, the plan's size, its
memory for activations, and how TensorRT-RTX fused the graph.
"""

import argparse
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import diffusers
import psutil
import tensorrt_rtx_bindings
import torch
import transformers
from tqdm import tqdm

from benchmarks.memory import watch
from benchmarks.report import markdown
from export.checkpoint.open import open_checkpoint
from export.options import ExportOptions
from export.precision import Precision
from export.random.architectures import (
    T5_SMALLEST,
    T5_XXL,
    TRANSFORMER_2B,
    TRANSFORMER_13B,
    VAE,
)
from export.random.checkpoint import write_random_checkpoint
from export.random.fp8_record import random_record
from export.run import export
from export.tensorrt.build import PlanOptions, plan_info
from export.tensorrt.build_log import activation_bytes, kernels
from export.tensorrt.builder import Builder, BuiltPlan
from export.tensorrt.sizes import DEFAULT_SIZES, size_limits
from export.tensorrt.target import Target, find_target
from ltx_triton.contract import LTX_VIDEO, TEXT_ENCODER, TRANSFORMER, VAE_DECODER, ModelContract
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE, PLAN_FILE, version_folder
from ltx_triton.settings import Settings

RESULT = Path(__file__).parent / "results" / "rtx_plans.json"
SHARD_BYTES = 1 << 30
_SMALL: dict[str, Any] = {
    "transformer": {"num_layers": 1, "caption_channels": 4096},
    "text_encoder": T5_SMALLEST,
}


@dataclass(frozen=True)
class Case:
    """An engine at its true size, but for the number of layers."""

    engine: ModelContract
    component: str  # of the checkpoint
    config: dict[str, Any]
    precision: Precision = Precision.BF16


CASES: dict[str, Case] = {
    "vae": Case(VAE_DECODER, "vae", VAE),
    "2b": Case(TRANSFORMER, "transformer", TRANSFORMER_2B),
    "13b-bf16": Case(TRANSFORMER, "transformer", TRANSFORMER_13B),
    "13b-fp8": Case(TRANSFORMER, "transformer", TRANSFORMER_13B, Precision.FP8),
    "t5": Case(TEXT_ENCODER, "text_encoder", T5_XXL),
}


def main() -> None:
    options = parse()
    diffusers.logging.set_verbosity_error()
    transformers.logging.set_verbosity_error()
    cases = dict(_with_layers(name, options.layers) for name in options.cases)
    results = json.loads(options.output.read_text()) if options.output.is_file() else {"cases": {}}
    for name, case in tqdm(cases.items(), desc="plans"):
        with tempfile.TemporaryDirectory(prefix="ltx_rtx_", dir=options.folder) as folder:
            results["cases"][name] = measure(Path(folder), case)
        results["command"] = "python -m benchmarks.rtx_plans"
        results["tensorrt_rtx"] = tensorrt_rtx_bindings.__version__
        results["machine"] = {
            "cpus": os.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
            "python": platform.python_version(),
        }
        options.output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def measure(folder: Path, case: Case) -> dict[str, Any]:
    """Write, export and build one case."""
    checkpoint, source, work = (folder / name for name in ("checkpoint", "onnx", "work"))
    work.mkdir()
    watch(_write_checkpoint, checkpoint, case)
    exported = watch(export_random, checkpoint, source, case.precision)
    shutil.rmtree(checkpoint)
    graph = version_folder(source, case.engine) / ENGINE_FILE
    built = watch(_build, source, case, work)
    log = (work / f"{case.engine.name}.log").read_text(encoding="utf-8")
    layers = kernels(log)
    return {
        "config": case.config,
        "precision": case.precision,
        "sizes": DEFAULT_SIZES,
        "onnx_bytes": sum(file.stat().st_size for file in graph.parent.glob(f"{ENGINE_FILE}*")),
        "plan_bytes": (work / PLAN_FILE).stat().st_size,
        "activation_bytes": activation_bytes(log),
        "kernels": len(layers),
        "fused_attentions": sum(layer.is_attention for layer in layers),
        "export": asdict(exported),
        "build": asdict(built),
    }


def table(cases: Mapping[str, Any]) -> str:
    """Return the table of docs/gpu.md."""
    heads = [
        *("engine", "layers", "precision", "plan", "export", "build"),
        *("peak memory", "mapped file included", "activations", "fused attentions"),
    ]
    rows = [
        [
            name.split("-")[0],
            str(case["config"].get("num_layers", "")),
            case["precision"],
            _gb(case["plan_bytes"]),
            f"{case['export']['seconds']:.0f} s",
            f"{case['build']['seconds']:.0f} s",
            _gb(case["build"]["peak_anonymous_bytes"]),
            _gb(case["build"]["peak_resident_bytes"]),
            _gb(case["activation_bytes"]),
            str(case["fused_attentions"]),
        ]
        for name, case in cases.items()
    ]
    return markdown.table(heads, rows)


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _with_layers(name: str, layers: int) -> tuple[str, Case]:
    """Reduce the 13B transformer, which alone is too large for a small machine."""
    case = CASES[name]
    if case.config is not TRANSFORMER_13B or layers == TRANSFORMER_13B["num_layers"]:
        return name, case
    config = TRANSFORMER_13B | {"num_layers": layers}
    name = name.replace("13b", f"13b-{layers}")
    return name, Case(case.engine, case.component, config, case.precision)


def _write_checkpoint(folder: Path, case: Case) -> None:
    components = _SMALL | {case.component: case.config}
    write_random_checkpoint(folder, **components, dtype=torch.bfloat16, shard_bytes=SHARD_BYTES)


def export_random(checkpoint: Path, source: Path, precision: Precision) -> None:
    """Export random weights, in FP8 with made-up scales."""
    if precision is Precision.FP8:
        transformer = version_folder(source, TRANSFORMER)
        transformer.mkdir(parents=True)
        random_record(open_checkpoint(str(checkpoint), None)).save(transformer)
    options = ExportOptions(
        model=str(checkpoint), output=source, precision=precision, verification=False
    )
    export(options)


def build_plan(source: Path, engine: ModelContract, folder: Path, target: Target) -> BuiltPlan:
    """Build a plan with the profiles of the default sizes into a folder, beside its log."""
    config = PipelineConfig.load(version_folder(source, LTX_VIDEO))
    options = PlanOptions(source=source, settings=Settings(), library=target.name)
    limits = size_limits(options.sizes, config, options.settings)
    info = plan_info(engine, config, limits, options, target)
    graph = version_folder(source, engine) / ENGINE_FILE
    return Builder(timing_cache=None, log_folder=folder).build(graph, engine, info, folder)


def _build(source: Path, case: Case, folder: Path) -> None:
    build_plan(source, case.engine, folder, find_target("tensorrt-rtx", case.precision))


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.rtx_plans",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "cases",
        nargs="*",
        default=list(CASES),
        metavar="case",
        help=f"engines to measure, of {', '.join(CASES)} (default: all)",
    )
    parser.add_argument(
        "--layers", type=int, default=8, help="of the 13B transformer (default: %(default)s)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="folder for up to 30 GB of temporary files, 55 GB with all layers in FP8 "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULT,
        help="result file, whose other cases are kept (default: %(default)s)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
