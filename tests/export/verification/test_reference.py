import json
import shutil
from pathlib import Path

import numpy as np

from export.checkpoint.folder import FolderCheckpoint
from export.verification.reference import transformer
from export.verification.verify import random_batches
from ltx_triton.contract import TRANSFORMER
from ltx_triton.pipeline.config import PipelineConfig


def test_a_step_is_eulers_even_if_the_scheduler_is_stochastic(
    checkpoint: FolderCheckpoint, config: PipelineConfig, tmp_path: Path
) -> None:
    stochastic = FolderCheckpoint(shutil.copytree(checkpoint.folder, tmp_path / "stochastic"))
    file = stochastic.folder / "scheduler" / "scheduler_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"stochastic_sampling": True}))
    batches = random_batches(TRANSFORMER, checkpoint, config)
    for expected, actual in zip(
        transformer(checkpoint, config, batches),
        transformer(stochastic, config, batches),
        strict=True,
    ):
        assert np.array_equal(actual, expected)
