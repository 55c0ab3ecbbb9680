"""Build TensorRT engines of random checkpoints and compare them with PyTorch, stage by stage.

Every stage, and every engine within one, is finished once and for all: what a killed or stopped run
has finished is in --folder, and the same command goes on from there. Large files go as soon as no
stage needs them. What does not fit the disk, the memory or the minutes is skipped, and the results
say why. With --dry-run, the same stages run on a CPU with a tiny checkpoint and OpenVINO.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import transformers

from benchmarks.gpu.budget import Budget, free_gpu_bytes
from benchmarks.gpu.cases import DEFAULT, DRY_RUN, Model, make_case, parse_model
from benchmarks.gpu.pace import Pace
from benchmarks.gpu.report import report
from benchmarks.gpu.run import CaseRun, OutOfTimeError
from benchmarks.gpu.stages import STAGES, make_parts, triton_stage
from benchmarks.gpu.state import State, StateError
from benchmarks.gpu.tasks import Tasks
from export.child_process import in_child
from export.errors import ExportError
from ltx_triton.engines.cpu_precision import CpuPrecision

_ROOT = Path(__file__).parents[2]
_RESULTS = _ROOT / "benchmarks" / "results"
_FOLDER = _ROOT / "build" / "gpu"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    options = parse(arguments)
    os.environ["MODEL_DEVICE"] = "cpu" if options.dry_run else "cuda"  # in every process
    if options.dry_run:
        os.environ["CPU_PRECISION"] = CpuPrecision.FP32  # matches the case
    elif not torch.cuda.is_available():
        sys.exit("error: torch finds no GPU; --dry-run runs the same stages on a CPU")
    transformers.logging.set_verbosity_error()
    with ExitStack() as stack:
        if options.folder is None:
            options.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options.folder.mkdir(parents=True, exist_ok=True)
        # Compiled again beside the engines, and after a kill.
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(options.folder / "inductor"))
        try:
            return _run(options)
        except (StateError, ExportError) as error:
            sys.exit(f"error: {error}")


def _run(options: argparse.Namespace) -> int:
    budget = Budget(
        options.folder,
        disk_gb=options.disk_gb,
        memory_gb=options.memory_gb,
        minutes=options.minutes,
        gpu_bytes=None if options.dry_run else in_child("the GPU cannot be used", free_gpu_bytes),
    )
    pace = Pace()
    triton = triton_stage(options.triton_address)
    measured: list[tuple[Model, dict[str, Any]]] = []
    succeeded, late = True, False
    for model in options.cases:
        tasks, state = _open(model, options, budget)
        if late:
            measured.append((model, state.result))
            continue
        print(f"\n{model.name}, {model.layers} layers, on {tasks.case.device}", flush=True)
        wanted = {triton if each == "triton" else each for each in options.stages}
        try:
            succeeded &= CaseRun(make_parts(tasks), wanted, state, budget, pace).run()
        except OutOfTimeError as error:
            print(f"stopped: {error}; the same command goes on from here")
            late = True
        measured.append((model, state.result))
    if "report" in options.stages:
        print(f"\n{report(measured)}")
    return 0 if succeeded else 1


def _open(model: Model, options: argparse.Namespace, budget: Budget) -> tuple[Tasks, State]:
    case = make_case(model, options.folder, "cpu" if options.dry_run else "cuda")
    about = asdict(model) | {"device": case.device, "request": case.request.model_dump()}
    results = options.results and options.results / f"gpu-{model.name}.json"
    command = " ".join(["python -m benchmarks.gpu", *sys.argv[1:]])
    state = State(case.folder, about, results, command)
    tasks = Tasks(
        case, model, budget, options.engine_python, options.rounds, options.triton_address
    )
    return tasks, state


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    stages = "\n".join(f"  {name:<12}{what}" for name, what in STAGES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=f"{__doc__}\nstages:\n{stages}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--cases",
        nargs="+",
        type=parse_model,
        help="what to measure, in this order: MODEL-LAYERS-PRECISION, or without the number for "
        f"all layers (default: {' '.join(DEFAULT)})",
    )
    parser.add_argument(
        "--stages",
        nargs="+",
        choices=list(STAGES),
        metavar="STAGE",
        help="which of the above to run, for each case (default: all)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help="for checkpoints, engines and the state of the work (default: build/gpu; for a dry "
        "run a temporary one)",
    )
    parser.add_argument("--disk-gb", type=float, help="most that --folder may hold")
    parser.add_argument("--memory-gb", type=float, help="most memory of the host to use")
    parser.add_argument("--minutes", type=float, help="stop before a part that would exceed them")
    parser.add_argument("--rounds", type=int, default=10, help="samples (default: %(default)s)")
    parser.add_argument(
        "--engine-python",
        default=sys.executable,
        help="Python with TensorRT and the serving dependencies (default: this one)",
    )
    parser.add_argument(
        "--triton-address",
        metavar="HOST:PORT",
        help="gRPC address of a Triton that serves the case's model repository; runs the stage "
        "triton with it instead of the wheel's",
    )
    parser.add_argument(
        "--results",
        type=Path,
        help="folder for the results, gpu-CASE.json, written after each part (default: "
        "benchmarks/results; a dry run writes none)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="test the stages on a CPU, with a tiny model"
    )
    options = parser.parse_args(arguments)
    if options.cases is None:
        options.cases = [parse_model(name) for name in (DRY_RUN if options.dry_run else DEFAULT)]
    if options.triton_address is not None:
        if len(options.cases) != 1:
            parser.error("--triton-address needs one of --cases: the one whose plans it serves")
        options.stages = options.stages or ["triton", "report"]
    options.stages = options.stages or list(STAGES)
    if not options.dry_run:
        options.folder = options.folder or _FOLDER
        options.results = options.results or _RESULTS
    return options


if __name__ == "__main__":
    sys.exit(main())
