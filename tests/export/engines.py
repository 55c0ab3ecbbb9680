"""Running an exported engine in the tests."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.checkpoint.folder import FolderCheckpoint
from export.verification.inputs import Inputs, random_inputs
from export.verification.reference import REFERENCES
from export.verification.verify import Difference, difference, run, vocabulary_size
from ltx_triton.contract import ModelContract
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE

# Single frames, single rows and single samples are where a dynamic axis most easily goes wrong.
SIZES = (
    {"batch": 1, "frames": 1, "latent_height": 2, "latent_width": 2, "tokens": 1},
    {"batch": 1, "frames": 4, "latent_height": 3, "latent_width": 7, "tokens": 256},
    {"batch": 2, "frames": 2, "latent_height": 6, "latent_width": 1, "tokens": 32},
    {"batch": 4, "frames": 3, "latent_height": 1, "latent_width": 5, "tokens": 17},
)


def model_file(repository: Path, contract: ModelContract) -> Path:
    return repository / contract.name / "1" / ENGINE_FILE


def draw(
    contract: ModelContract,
    config: PipelineConfig,
    checkpoint: FolderCheckpoint,
    sizes: dict[str, int],
    steps: int,
    generator: np.random.Generator,
) -> Inputs:
    return random_inputs(contract, config, vocabulary_size(checkpoint), sizes, steps, generator)


def differences_to_pytorch(
    contract: ModelContract, repository: Path, checkpoint: FolderCheckpoint, config: PipelineConfig
) -> list[Difference]:
    """One difference for each of SIZES; every sample has its own mask, frame rate and sigma."""
    generator = np.random.default_rng(3)
    batches = [draw(contract, config, checkpoint, sizes, 8, generator) for sizes in SIZES]
    expected = REFERENCES[contract.name](checkpoint, config, batches)
    actual = run(model_file(repository, contract), batches)
    return [difference(*pair) for pair in zip(actual, expected, strict=True)]


def batched_and_single(file: Path, batch: Inputs) -> tuple[NDArray[Any], NDArray[Any]]:
    """Run all samples in one batch and one by one."""
    count = len(next(iter(batch.values())))
    rows = [{name: array[i : i + 1] for name, array in batch.items()} for i in range(count)]
    together, *alone = run(file, [batch, *rows])
    return together, np.concatenate(alone)
