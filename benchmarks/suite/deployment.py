"""The service with more API workers, and more instances of the engine models."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import psutil
from tqdm import tqdm

from benchmarks.measurement import Labels, Measurement
from benchmarks.suite.load import closed_loop, videos_per_minute
from benchmarks.suite.memory import by_process
from frontend.local.service import local_service
from ltx_triton.contract import ENGINES
from ltx_triton.repository.layout import CONFIG_FILE
from ltx_triton.repository.model_config import read_config, write_config

PART = "deployment"
_DEPLOYMENTS = ((1, 1), (2, 1), (4, 1), (1, 2))  # API workers, instances of each engine model
_CLIENTS = 4


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Start each deployment once per round and load it with four clients."""
    samples: dict[tuple[int, int], list[float]] = {each: [] for each in _DEPLOYMENTS}
    memory: dict[tuple[int, int], list[float]] = {each: [] for each in _DEPLOYMENTS}
    for _, deployment in tqdm(list(product(range(rounds), _DEPLOYMENTS)), desc=PART, unit="start"):
        workers, instances = deployment
        with (
            _with_instances(repository, instances) as copy,
            local_service(copy, API_WORKERS=str(workers)) as service,
        ):
            asyncio.run(closed_loop(service.url, _CLIENTS, 1))  # to warm up
            answers = asyncio.run(closed_loop(service.url, _CLIENTS, 2))
            samples[deployment].append(videos_per_minute(answers))
            memory[deployment].append(sum(by_process(psutil.Process()).values()))
    for workers, instances in _DEPLOYMENTS:
        labels: Labels = {"workers": workers, "instances": instances}
        yield Measurement(PART, labels, "videos/min", samples[workers, instances])
        yield Measurement(PART, labels, "bytes", memory[workers, instances])


@contextmanager
def _with_instances(repository: Path, instances: int) -> Iterator[Path]:
    """A copy of the model repository with so many instances of each engine model."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model_repository"
        shutil.copytree(repository, copy)
        for contract in ENGINES:
            file = copy / contract.name / CONFIG_FILE
            config = read_config(file)
            [group] = config.instance_group
            group.count = instances
            write_config(config, file)
        yield copy
