"""Measure what each way to store weights costs in memory, seconds and error on a CPU.

A transformer of the 2B model's width with three layers and random weights, and a text encoder of
T5-XXL's width with one, are exported with their weights in FP32, in FP16 behind a Cast, in BF16 and
in INT8, and run in OpenVINO and ONNX Runtime, each in a process of its own. Memory is what the
process has after a first run of 32 tokens, over what it had before it loaded the engine.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir
import onnxruntime
import openvino
from numpy.typing import NDArray
from onnx_ir import DataType

from benchmarks.machine import Machine
from benchmarks.memory import resident
from export.checkpoint.open import open_checkpoint
from export.child_process import in_child
from export.graphs import text_encoder, transformer
from export.onnx.write import write_engine
from export.options import ExportOptions
from export.precision import Precision
from export.random.architectures import T5_XXL, TRANSFORMER_2B
from export.random.checkpoint import write_random_checkpoint
from export.sampling import pipeline_config
from export.verification.inputs import Inputs, random_inputs
from export.verification.verify import relative_l2
from ltx_triton.contract import TEXT_ENCODER, TRANSFORMER, ModelContract
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.graph import Graph
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE

RESULT = Path(__file__).parent / "results" / "weight_storage.json"
FP16_STORED = "fp16 stored"  # an FP32 graph
STORED = (Precision.FP32, FP16_STORED, Precision.BF16, Precision.INT8)
SMALL, LARGE = 32, 1024  # tokens of the video, or of the text
SHAPES = {SMALL: (2, 4, 4), LARGE: (4, 16, 16)}  # latent frames, rows, columns
TEXT = 128  # tokens beside a video
ROUNDS = 3

Run = Callable[[Inputs], NDArray[Any]]


@dataclass(frozen=True)
class Case:
    """An engine in a runtime."""

    model: str
    stored: str  # its weights
    runtime: str
    arithmetic: str = CpuPrecision.FP32
    prepacking: bool | None = None  # of ONNX Runtime


@dataclass(frozen=True)
class Figures:
    file_mb: float
    anonymous_mb: float  # cannot be dropped
    mapped_mb: float  # pages of files, which the kernel may drop
    peak_mb: float
    loading_seconds: float
    seconds: dict[int, float]  # by tokens, medians
    relative_l2: float  # of the velocity or the embeddings at LARGE tokens, to FP32


def cases() -> Iterator[Case]:
    for model in (TRANSFORMER.name, TEXT_ENCODER.name):
        for stored in STORED:
            for arithmetic in CpuPrecision:
                yield Case(model, stored, "openvino", arithmetic)
        for stored in (Precision.FP32, Precision.INT8):
            for prepacking in (True, False):
                yield Case(model, stored, "onnxruntime", prepacking=prepacking)


def write_engines(folder: Path) -> None:
    """Write `MODEL/STORED/model.onnx` and the inputs of each model."""
    checkpoint_folder = folder / "checkpoint"
    write_random_checkpoint(
        checkpoint_folder,
        transformer=TRANSFORMER_2B | {"num_layers": 3},
        text_encoder=T5_XXL | {"num_layers": 1},
    )
    checkpoint = open_checkpoint(str(checkpoint_folder), None)
    config = pipeline_config(checkpoint, ExportOptions("", folder))
    for contract, build in ((TRANSFORMER, transformer.build), (TEXT_ENCODER, text_encoder.build)):
        for stored in STORED:
            engine = folder / contract.name / stored
            engine.mkdir(parents=True)
            precision = Precision.FP32 if stored == FP16_STORED else Precision(stored)
            write_engine(build(checkpoint, precision), checkpoint, engine)
            if stored == FP16_STORED:
                _store_as_fp16(engine / ENGINE_FILE)
        for tokens in SHAPES:
            np.savez(folder / contract.name / f"{tokens}.npz", **_inputs(contract, config, tokens))


def _inputs(contract: ModelContract, config: PipelineConfig, tokens: int) -> Inputs:
    frames, height, width = SHAPES[tokens]
    sizes = {
        "batch": 1,
        "frames": frames,
        "latent_height": height,
        "latent_width": width,
        "tokens": tokens if contract is TEXT_ENCODER else TEXT,
    }
    generator = np.random.default_rng(tokens)
    inputs = random_inputs(contract, config, T5_XXL["vocab_size"], sizes, 1, generator)
    return inputs | {"attention_mask": np.ones_like(inputs["attention_mask"])}


def _store_as_fp16(file: Path) -> None:
    """Make the FP32 weights of a graph FP16, with a cast before whatever uses them."""
    model = onnx_ir.load(file)
    for name, value in list(model.graph.initializers.items()):
        if not isinstance(value.const_value, onnx_ir.ExternalTensor):
            continue
        uses = tuple(value.uses())
        narrow = value.const_value.numpy().astype(np.float16)
        value.const_value = onnx_ir.tensor(narrow, name=name)
        value.dtype = DataType.FLOAT16
        cast = onnx_ir.node("Cast", [value], {"to": DataType.FLOAT})
        cast.outputs[0].shape, cast.outputs[0].dtype = value.shape, DataType.FLOAT
        for node, position in uses:
            node.replace_input_with(position, cast.outputs[0])
        model.graph.insert_before(model.graph[0], cast)
    file.with_name(DATA_FILE).unlink()
    onnx_ir.save(model, file, external_data=DATA_FILE)


def measure(case: Case, folder: Path) -> Figures:
    """Run in this process, which must be new."""
    file = folder / case.model / case.stored / ENGINE_FILE
    batches = {tokens: dict(np.load(folder / case.model / f"{tokens}.npz")) for tokens in SHAPES}
    before = resident()
    start = time.perf_counter()
    run = _open(case, file)
    loading = time.perf_counter() - start
    run(batches[SMALL])
    after = resident()
    seconds = {}
    for tokens, batch in batches.items():
        run(batch)
        seconds[tokens] = statistics.median(_timed(run, batch) for _ in range(ROUNDS))
    exact_file = folder / case.model / "exact.npy"
    found = run(batches[LARGE])
    if case.model == TRANSFORMER.name:
        found = batches[LARGE]["latents"] - found  # sigma goes from 1 to 0
    if not exact_file.exists():
        np.save(exact_file, found)
    megabytes = [(here - there) / 1e6 for here, there in zip(after, before, strict=True)]
    return Figures(
        file_mb=file.with_name(DATA_FILE).stat().st_size / 1e6,
        anonymous_mb=megabytes[0],
        mapped_mb=megabytes[1],
        peak_mb=megabytes[2],
        loading_seconds=loading,
        seconds=seconds,
        relative_l2=relative_l2(found, np.load(exact_file)),
    )


def _timed(run: Run, batch: Inputs) -> float:
    start = time.perf_counter()
    run(batch)
    return time.perf_counter() - start


def _open(case: Case, file: Path) -> Run:
    if case.runtime == "openvino":
        graph = Graph(openvino.Core().read_model(file), CpuPrecision(case.arithmetic))
        return lambda inputs: np.array(graph.run(inputs)[0])
    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = False
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    if not case.prepacking:
        options.add_session_config_entry("session.disable_prepacking", "1")
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return lambda inputs: np.asarray(session.run(None, inputs)[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.weight_storage",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="folder for up to 10 GB of temporary files (default: %(default)s)",
    )
    parser.add_argument(
        "--output", type=Path, default=RESULT, help="result file (default: %(default)s)"
    )
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        in_child("the engines could not be written", write_engines, Path(folder))
        for case in cases():
            figures = in_child(f"{case} ended", measure, case, Path(folder))
            rows.append(asdict(case) | asdict(figures))
            print(json.dumps(rows[-1]), flush=True)
    result = {
        "command": "python -m benchmarks.weight_storage",
        "machine": asdict(Machine.here()),
        "onnxruntime": onnxruntime.__version__,
        "cases": rows,
    }
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
