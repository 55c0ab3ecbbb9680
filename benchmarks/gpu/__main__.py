"""Build TensorRT engines of random checkpoints and compare them with PyTorch.

Write a random checkpoint, export it and build plans. Then run each component and the default
request, interleaved, with the engines in process, in Triton, and with diffusers eager and compiled
on the same weights; write the results to benchmarks/results/. With --dry-run, run the same steps on
a CPU with a tiny checkpoint and OpenVINO instead of TensorRT, to test the script.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import torch
import transformers
from tqdm import tqdm

from benchmarks import architectures
from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import save_inputs
from benchmarks.baselines.worker import Worker
from benchmarks.gpu.report import REQUEST, errors, floors, table
from export.progress import step
from export.random.checkpoint import TRANSFORMER as TINY
from export.random.checkpoint import write_random_checkpoint
from ltx_triton.contract import ENGINES
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.tensorrt.plan import PlanInfo
from ltx_triton.repository.layout import version_folder
from ltx_triton.video_spec import VideoSpec

RESULTS = Path(__file__).parent.parent / "results"
ARCHITECTURES = {
    "2b": architectures.TRANSFORMER_2B,
    "13b": architectures.TRANSFORMER_13B,
    "tiny": TINY,
}
Samples = dict[str, dict[str, list[float]]]  # component or request -> system -> seconds
WARM_UP = 2  # rounds, not counted
SHARD_BYTES = 1 << 30
PROMPT = "A cat walks through a sunlit garden while the camera follows it slowly"


def main() -> None:
    options = parse()
    if options.dry_run:
        os.environ["CPU_PRECISION"] = CpuPrecision.FP32  # matches the case, in every process
    if not options.dry_run and not torch.cuda.is_available():
        sys.exit("error: torch finds no GPU; --dry-run runs the same steps on a CPU")
    transformers.logging.set_verbosity_error()
    if options.results is not None:
        options.results.mkdir(parents=True, exist_ok=True)
    for architecture in options.architectures:
        with tempfile.TemporaryDirectory(prefix="ltx_gpu_", dir=options.folder) as folder:
            run(architecture, _case(options, Path(folder)), options)


def run(architecture: str, case: Case, options: argparse.Namespace) -> None:
    transformer = ARCHITECTURES[architecture]
    if architecture == "13b":
        transformer = transformer | {"num_layers": options.layers_13b}
    layers = transformer["num_layers"]
    print(f"\n{architecture}, {layers} layers, {case.precision} on {case.device}")
    result: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.gpu", *sys.argv[1:]]),
        "case": {
            "architecture": architecture,
            "layers": layers,
            "precision": case.precision,
            "device": case.device,
            "request": case.request.model_dump(),
        },
    }
    with step("random checkpoint"):
        _write_checkpoint(case, transformer)
    for part in measure(case, options.engine_python, options.rounds):
        result |= part
        if options.results is not None:  # after each part, so that a failure loses no results
            file = options.results / f"gpu-{architecture}-{case.precision}.json"
            file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"\n{table(result)}\n\nErrors against PyTorch in FP32: {result['errors']}")


def measure(case: Case, engine_python: str, rounds: int) -> Iterator[dict[str, Any]]:
    yield {"plans": export(case, engine_python)}
    file = case.save()
    save_inputs(case)
    # With FP8, the rest of the model is BF16.
    precision = "bf16" if case.precision == "fp8" else case.precision
    seconds: Samples = {name: {} for name in (*(model.name for model in ENGINES), REQUEST)}
    with closing(Worker(sys.executable, "benchmarks.baselines.pytorch", file)) as pytorch:
        yield {"machine": pytorch.ask("machine")}
        flops = pytorch.ask("flops")
        peaks = {kind: pytorch.ask("peak", kind) for kind in {precision, case.precision}}
        yield {"peak_flops": peaks, "flops": flops, "floor_seconds": floors(case, flops, peaks)}
        with step("PyTorch in FP32"):
            pytorch.ask("load", "fp32")
            pytorch.ask("outputs", "fp32")
        with step(f"PyTorch in {precision}"):
            pytorch.ask("load", precision)
            pytorch.ask("outputs", "eager")
        with step("compiling with torch"):
            yield {"compile_seconds": pytorch.ask("compile")}
        with closing(Worker(engine_python, "benchmarks.baselines.in_process", file)) as in_process:
            with step("opening the engines"):
                in_process.ask("outputs")
            for turn in tqdm(range(WARM_UP + rounds), desc="in-process engines", unit="round"):
                for what in seconds:
                    question = (REQUEST,) if what == REQUEST else ("component", what)
                    times = {"engine": in_process.ask(*question)}
                    for side in ("eager", "compiled"):
                        times[side] = pytorch.ask(question[0], side, *question[1:])
                    _collect(seconds[what], times, turn)
        yield {"seconds": seconds}
        with closing(Worker(engine_python, "benchmarks.baselines.triton", file)) as triton:
            with step("starting Triton"):
                triton.ask("outputs")
            for turn in tqdm(range(WARM_UP + rounds), desc="Triton", unit="round"):
                times = {"triton": triton.ask(REQUEST)}
                times["eager_beside_triton"] = pytorch.ask(REQUEST, "eager")
                _collect(seconds[REQUEST], times, turn)
    yield {"seconds": seconds, "errors": errors(case)}


def _collect(samples: dict[str, list[float]], times: dict[str, float], turn: int) -> None:
    if turn >= WARM_UP:
        for side, value in times.items():
            samples.setdefault(side, []).append(value)


def export(case: Case, engine_python: str) -> dict[str, Any]:
    """Export the checkpoint and build plans; return the records of the plans."""
    on_gpu = case.device == "cuda"
    onnx = case.folder / "onnx" if on_gpu else case.repository
    trace = [sys.executable, "-m", "export", "--model", str(case.checkpoint)]
    trace += ["--output", str(onnx), "--precision", case.precision, "--skip-verification"]
    with step("ONNX export"):
        subprocess.run(trace, check=True)
    if not on_gpu:
        return {}
    build = [engine_python, "-m", "export.tensorrt", "--source", str(onnx)]
    build += ["--output", str(case.repository), "--sizes", "default"]
    with step("TensorRT plans"):
        subprocess.run(build, check=True)
    return {
        model.name: PlanInfo.load(version_folder(case.repository, model)).model_dump()
        for model in ENGINES
    }


def _write_checkpoint(case: Case, transformer: dict[str, Any]) -> None:
    if case.device == "cpu":
        write_random_checkpoint(case.checkpoint, transformer=transformer)
        return
    write_random_checkpoint(
        case.checkpoint,
        transformer=transformer,
        text_encoder=architectures.T5_XXL,
        vae=architectures.VAE,
        dtype=torch.bfloat16,
        shard_bytes=SHARD_BYTES,
    )


def _case(options: argparse.Namespace, folder: Path) -> Case:
    dry = options.dry_run
    return Case(
        folder=folder,
        checkpoint=folder / "checkpoint",
        repository=folder / "model_repository",
        request=VideoSpec(
            prompt=PROMPT,
            num_frames=9 if dry else 24,
            height=64 if dry else 512,
            width=96 if dry else 512,
            frame_rate=8.0,
            seed=0,
            num_inference_steps=8,
        ),
        precision="fp32" if dry else options.precision,
        device="cpu" if dry else "cuda",
        compile_backend="eager" if dry else "inductor",
    )


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--architectures",
        nargs="+",
        choices=["2b", "13b"],
        default=["2b", "13b"],
        help="which models, one after the other (default: both)",
    )
    parser.add_argument(
        "--layers-13b",
        type=int,
        default=architectures.TRANSFORMER_13B["num_layers"],
        help="number of layers of the 13B model (default: %(default)s)",
    )
    parser.add_argument("--precision", choices=["bf16", "fp8", "fp16", "fp32"], default="bf16")
    parser.add_argument("--rounds", type=int, default=10, help="(default: %(default)s)")
    parser.add_argument(
        "--engine-python",
        default=sys.executable,
        help="Python with TensorRT and the serving dependencies (default: this one)",
    )
    parser.add_argument(
        "--folder", type=Path, help="parent of the temporary folder for checkpoint and engines"
    )
    parser.add_argument(
        "--results",
        type=Path,
        help="folder for the results, gpu-ARCHITECTURE-PRECISION.json (default: "
        "benchmarks/results; a dry run writes none)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="test the script on a CPU, with a tiny model"
    )
    options = parser.parse_args(arguments)
    if options.dry_run:
        options.architectures = ["tiny"]
    elif options.results is None:
        options.results = RESULTS
    return options


if __name__ == "__main__":
    main()
