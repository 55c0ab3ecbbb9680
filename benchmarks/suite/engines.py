"""The engines in process: seconds by size, batch and cores, and the share of peak FLOP/s."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.baselines.case import Case
from benchmarks.baselines.flops import component_flops, peak_flops
from benchmarks.baselines.inputs import Arrays, component_inputs
from benchmarks.measurement import Labels, Measurement
from benchmarks.suite.request import default_case
from export.checkpoint.open import open_checkpoint
from ltx_triton.contract import ENGINES, TRANSFORMER, ModelContract
from ltx_triton.engines.cpu_precision import select_cpu_precision
from ltx_triton.engines.open import open_session
from ltx_triton.engines.session import EngineSession
from ltx_triton.repository.layout import version_folder

PART = "engines"
_SIZES = ((256, 25), (384, 25), (512, 25), (256, 81), (512, 81), (512, 241))  # pixels, frames
_DEFAULT = (512, 25)
_BATCHES = (2, 4)  # in addition to 1


@dataclass(frozen=True)
class _Run:
    labels: Labels
    session: EngineSession
    inputs: Arrays
    cores: int

    def seconds(self) -> float:
        with _on(self.cores):
            started = perf_counter()
            self.session.run(self.inputs)
            return perf_counter() - started


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Time every engine once per round, after a warm-up round; count its operations."""
    device, precision = torch.device("cpu"), select_cpu_precision()
    with tempfile.TemporaryDirectory() as folder:
        default = default_case(Path(folder), repository)
        sized = {size: component_inputs(_sized(default, *size)) for size in _SIZES}
    runs = list(_runs(repository, sized))
    samples: list[list[float]] = [[] for _ in runs]
    peaks = []
    for number in tqdm(range(1 + rounds), desc=PART, unit="round"):
        for run, seconds in zip(runs, samples, strict=True):
            value = run.seconds()
            if number > 0:
                seconds.append(value)
        peaks.append(peak_flops(device, precision))
    for run, seconds in zip(runs, samples, strict=True):
        yield Measurement(PART, run.labels, "s", seconds)
    yield Measurement(PART, {"what": "peak", "precision": precision}, "flop/s", peaks)
    checkpoint = open_checkpoint(str(default.checkpoint), None)
    for (side, frames), inputs in sized.items():
        for name, counts in component_flops(checkpoint, inputs).items():
            labels: Labels = {"engine": name, "side": side, "frames": frames}
            yield Measurement(PART, labels, "flop", [float(sum(counts.values()))])


def _runs(repository: Path, sized: dict[tuple[int, int], dict[str, Arrays]]) -> Iterator[_Run]:
    """Yield all sizes on all cores, and the default size also on fewer cores and in batches."""
    all_cores = len(os.sched_getaffinity(0))
    for cores in range(1, all_cores + 1):
        with _on(cores):
            sessions = {contract.name: _open(repository, contract) for contract in ENGINES}
        for size, inputs in sized.items():
            if cores == all_cores or size == _DEFAULT:
                for name, session in sessions.items():
                    yield _Run(_labels(name, size, 1, cores), session, inputs[name], cores)
    session, default_inputs = sessions[TRANSFORMER.name], sized[_DEFAULT][TRANSFORMER.name]
    for batch in _BATCHES:
        repeated = {name: np.repeat(array, batch, axis=0) for name, array in default_inputs.items()}
        labels = _labels(TRANSFORMER.name, _DEFAULT, batch, all_cores)
        yield _Run(labels, session, repeated, all_cores)


def _labels(engine: str, size: tuple[int, int], batch: int, cores: int) -> Labels:
    side, frames = size
    return {"engine": engine, "side": side, "frames": frames, "batch": batch, "cores": cores}


def _open(repository: Path, contract: ModelContract) -> EngineSession:
    return open_session(version_folder(repository, contract), contract)


def _sized(case: Case, side: int, frames: int) -> Case:
    size = {"height": side, "width": side, "num_frames": frames}
    return replace(case, request=case.request.model_copy(update=size))


@contextmanager
def _on(cores: int) -> Iterator[None]:
    """Restrict this process to a number of cores."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
