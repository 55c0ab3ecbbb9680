"""Measure checkpoints of their real size with random weights: export, start, requests, memory.

Random weights take the time and memory of the real ones. The 2B, with a text encoder of the size of
T5-XXL, is exported from single files, served through Triton and asked for the default video. Of the
13B, the transformer alone is exported and takes one step.
"""

import argparse
import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from benchmarks.machine import Machine
from benchmarks.measurement import Measurement
from benchmarks.memory import watch
from benchmarks.process_tree import PeakMemory, ProcessTree
from benchmarks.result import FOLDER, Result
from benchmarks.suite.client import ask_once
from demo.evaluation.prompts import ClipRequest
from frontend.local.service import local_service
from ltx_triton.contract import ENGINES
from ltx_triton.engines.calibration import calibrate
from ltx_triton.repository.layout import version_folder

RESULTS = FOLDER.with_name("real_size")
PART = "real_size"
STEP = "13b-int8"
PROMPTS = {
    "first": "A cat walking in a garden",
    "another": "A red fish swims slowly in the blue ocean",
    "the same": "A red fish swims slowly in the blue ocean",
}
_SECONDS, _FPS, _SIDE = 3, 8, 512  # the default video: 24 frames, for which the model makes 25
_INTERVAL = 1.0  # seconds between samples of memory, which take time from large processes


@dataclass(frozen=True)
class Case:
    """An export of the 2B, and how it is served."""

    precision: str
    environment: Mapping[str, str] = field(default_factory=dict)


CASES = {
    "2b-fp32": Case("fp32", {"CPU_RUNTIME": "onnxruntime"}),
    "2b-bf16": Case("fp32", {"CPU_PRECISION": "bf16"}),
    "2b-int8": Case("int8"),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real_size",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join([*CASES, STEP])} (default: all)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="folder for up to 43 GB of temporary files (default: %(default)s)",
    )
    parser.add_argument(
        "--output", type=Path, default=RESULTS, help="folder of results (default: %(default)s)"
    )
    options = parser.parse_args()
    if unknown := set(options.parts) - {*CASES, STEP}:
        parser.error(f"unknown part {', '.join(sorted(unknown))}")
    for name in tqdm(options.parts or [*CASES, STEP], desc="parts", unit="part"):
        measured = measure_step if name == STEP else partial(measure_service, CASES[name])
        measurements = [
            Measurement(PART, {"case": name} | labels, unit, [value])
            for labels, unit, value in measured(options.folder / "real_size")
        ]
        command = f"python -m benchmarks.real_size {name}"
        Result(Machine.here(), command, measurements).save(options.output / f"{name}.json")
    shutil.rmtree(options.folder / "real_size")


def measure_service(case: Case, folder: Path) -> Iterator[Figure]:
    """Export and serve the 2B; its files and the last export stay in the folder."""
    arguments = _write_2b(folder)
    repository = folder / case.precision
    if not repository.is_dir():
        for other in folder.glob("*/ltx_video"):
            shutil.rmtree(other.parent)
        command = [*arguments, "--precision", case.precision, "--output", str(repository)]
        yield from _usage(watch(_export, command))
    for engine in ENGINES:
        size = sum(file.stat().st_size for file in version_folder(repository, engine).iterdir())
        yield {"engine": engine.name}, "bytes", size
    os.environ.update(case.environment)
    for piece, seconds in calibrate().pieces:
        yield {"what": "calibration", "stage": piece}, "s", seconds
    yield from _serve(repository)


def _serve(repository: Path) -> Iterator[Figure]:
    started = time.monotonic()
    with local_service(repository) as frontend:
        yield {"what": "start"}, "s", time.monotonic() - started
        tree = ProcessTree([frontend.pid, frontend.triton.pid])
        for name, prompt in PROMPTS.items():
            clip = ClipRequest(prompt, 1, _SECONDS, _FPS, _SIDE, _SIDE)
            with PeakMemory(tree, _INTERVAL) as memory:
                answer = asyncio.run(ask_once(frontend.url, clip))
            for stage, seconds in (answer.stages | {TOTAL: answer.seconds}).items():
                yield {"request": name, "stage": stage}, "s", seconds
            yield {"request": name, "what": "held"}, "bytes", memory.peak_held_bytes
            yield {"request": name, "what": "mapped"}, "bytes", memory.peak_mapped_bytes
        resting = tree.pss()
        yield {"what": "held"}, "bytes", resting.held_bytes
        yield {"what": "mapped"}, "bytes", resting.mapped_bytes


def measure_step(folder: Path) -> Iterator[Figure]:
    """Export the 13B's transformer and let it take a step."""
    file = folder / "13b.safetensors"
