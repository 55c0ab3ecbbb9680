"""Measure checkpoints of their real size with random weights: export, start, requests, memory.

Random weights take the time and memory of the real ones. The 2B, with a text encoder of the size of
T5-XXL, is exported from single files, served through Triton and asked for the default video. Of the
13B, the transformer alone is exported and takes one step.
"""

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
from tqdm import tqdm

from benchmarks.machine import Machine
from benchmarks.measurement import Labels, Measurement
from benchmarks.memory import Usage, watch
from benchmarks.process_tree import PeakMemory, ProcessTree
from benchmarks.result import REAL_SIZE_FOLDER, Result
from benchmarks.suite.client import ask_once
from benchmarks.suite.contenders import TOTAL
from demo.evaluation.prompts import ClipRequest
from export.__main__ import main as export_from_command_line
from export.checkpoint.assembled import AssembledCheckpoint
from export.checkpoint.header import read_header
from export.checkpoint.single_file import SingleFile
from export.checkpoint.word_tokenizer import save_word_tokenizer
from export.graphs import transformer
from export.onnx.write import write_engine
from export.precision import Precision
from export.random.architectures import T5_XXL
from export.random.single_file import SIZES, write_random_single_file
from export.random.t5_file import write_random_t5_file
from export.random.vocabulary import SUFFIXES, WORDS
from frontend.local.service import local_service
from ltx_triton.contract import ENGINES, TRANSFORMER
from ltx_triton.engines.calibration import calibrate
from ltx_triton.engines.open import open_session
from ltx_triton.repository.layout import version_folder

Figure = tuple[Labels, str, float]  # labels, unit, value

PART = "real_size"
CALIBRATION = "calibration"
STEP = "13b-int8"
STEPS = 2
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
    is_verified: bool = False  # compared with PyTorch, and measured in memory


CASES = {
    "2b-fp32": Case("fp32", {"CPU_RUNTIME": "onnxruntime"}),
    "2b-bf16": Case("bf16"),
    "2b-int8": Case("int8", is_verified=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real_size",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts: dict[str, Callable[[Path], Iterator[Figure]]] = {
        **{name: partial(measure_service, case) for name, case in CASES.items()},
        CALIBRATION: measure_calibration,
        STEP: measure_step,
    }
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join(parts)} (default: all)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="folder for up to 43 GB of temporary files (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=REAL_SIZE_FOLDER,
        help="folder of results (default: %(default)s)",
    )
    options = parser.parse_args()
    if unknown := set(options.parts) - parts.keys():
        parser.error(f"unknown part {', '.join(sorted(unknown))}")
    folder = options.folder / "real_size"
    for name in tqdm(options.parts or parts, desc="parts", unit="part"):
        measurements = [
            Measurement(PART, {"case": name} | labels, unit, [value])
            for labels, unit, value in parts[name](folder)
        ]
        command = f"python -m benchmarks.real_size {name}"
        Result(Machine.here(), command, measurements).save(options.output / f"{name}.json")
    shutil.rmtree(folder, ignore_errors=True)


def measure_service(case: Case, folder: Path) -> Iterator[Figure]:
    """Export and serve the 2B; its files and the last export stay in the folder."""
    sources = _write_2b(folder)
    repository = folder / case.precision
    if not repository.is_dir():
        for other in folder.glob("*/ltx_video"):
            shutil.rmtree(other.parent)
        options = ["--precision", case.precision, "--output", str(repository)]
        if not case.is_verified:
            options.append("--skip-verification")
        yield from _told("export", watch(_export, (*sources, *options)))
    for engine in ENGINES:
        yield {"engine": engine.name}, "bytes", _bytes(version_folder(repository, engine))
    with patch.dict(os.environ, case.environment):
        yield from _served(repository)


def measure_calibration(_: Path) -> Iterator[Figure]:
    """Time what other machines are compared by."""
    calibration = calibrate()
    for piece, seconds in calibration.pieces:
        yield {"piece": piece, "precision": calibration.precision}, "s", seconds


def measure_step(folder: Path) -> Iterator[Figure]:
    """Export the transformer of the 13B, and let it take a step of the default video."""
    file = folder / "13b.safetensors"
    for other in folder.glob("*"):  # the disk may not have room for both
        if other != file:
            shutil.rmtree(other) if other.is_dir() else other.unlink()
    if not file.is_file():
        _write(file, "13b")
    yield {"file": file.name}, "bytes", file.stat().st_size
    engine = folder / "13b"
    engine.mkdir()
    yield from _told("export", watch(_export_transformer, file, engine))
    yield {"engine": TRANSFORMER.name}, "bytes", _bytes(engine)
    for steps in (0, STEPS):
        yield from _told(f"load and {steps} steps", watch(_step, engine, steps))


def _write_2b(folder: Path) -> tuple[str, ...]:
    """Write the checkpoint unless it is there; return where the exporter finds it."""
    model, text_encoder, tokenizer = (
        folder / name for name in ("ltxv-2b-0.9.8-distilled.safetensors", "t5.safetensors", "words")
    )
    if not model.is_file():
        _write(model, "2b")
    if not text_encoder.is_file():
        write_random_t5_file(text_encoder, "fp8", config=T5_XXL)
    save_word_tokenizer(tokenizer / "tokenizer", WORDS.split(), SUFFIXES)
    options = {"model": model, "text-encoder": text_encoder, "tokenizer": tokenizer}
    return tuple(part for name, path in options.items() for part in (f"--{name}", str(path)))


def _write(file: Path, size: str) -> None:
    parts = SIZES[size]
    write_random_single_file(file, transformer=parts["transformer"], vae=parts["vae"])


def _export(arguments: Sequence[str]) -> None:
    if code := export_from_command_line(arguments):
        raise SystemExit(code)


def _served(repository: Path) -> Iterator[Figure]:
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
            yield {"request": name, "memory": "held"}, "bytes", memory.peak_held_bytes
            yield {"request": name, "memory": "mapped"}, "bytes", memory.peak_mapped_bytes


def _export_transformer(file: Path, folder: Path) -> None:
    part = SingleFile(file, read_header(file))
    checkpoint = AssembledCheckpoint(file.stem, dict.fromkeys(("transformer", "vae"), part))
    write_engine(transformer.build(checkpoint, Precision.INT8), checkpoint, folder)


def _step(folder: Path, steps: int) -> None:
    session = open_session(folder, TRANSFORMER)
    generator = np.random.default_rng(0)
    inputs = {
        "latents": generator.standard_normal((1, 4, 16, 16, 128), np.float32),  # 25 frames
        "prompt_embeds": generator.standard_normal((1, 32, 4096), np.float32),
        "attention_mask": np.ones((1, 32), np.int32),
        "frame_rate": np.full((1, 1), _FPS, np.float32),
        "sigma": np.ones((1, 1), np.float32),
        "sigma_next": np.full((1, 1), 0.99, np.float32),
    }
    for _ in range(steps):
        if not np.isfinite(session.run(inputs)["latents_out"]).all():
            raise ArithmeticError("the step's latents are not finite")


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _told(what: str, usage: Usage) -> Iterator[Figure]:
    yield {"what": what}, "s", usage.seconds
    yield {"what": what, "memory": "held"}, "bytes", usage.peak_anonymous_bytes
    yield {"what": what, "memory": "all"}, "bytes", usage.peak_resident_bytes


if __name__ == "__main__":
    main()
