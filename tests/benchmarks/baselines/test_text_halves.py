from pathlib import Path

import numpy as np

from benchmarks.baselines.text_halves import cut
from export.checkpoint.folder import FolderCheckpoint
from ltx_triton.contract import TRANSFORMER
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.session import OpenVinoSession
from ltx_triton.pipeline.config import PipelineConfig
from tests.export.engines import SIZES, draw, model_file


def test_both_halves_compute_what_the_whole_graph_does(
    repository: Path, checkpoint: FolderCheckpoint, config: PipelineConfig
) -> None:
    engine = model_file(repository, TRANSFORMER)
    batch = draw(TRANSFORMER, config, checkpoint, SIZES[3], 8, np.random.default_rng(0))

    halves = cut(engine, CpuPrecision.FP32)
    projected = halves.project(batch)

    layers = checkpoint.config("transformer")["num_layers"]
    assert len(projected) == len(TRANSFORMER.inputs) - 1 + 2 * layers
    whole = OpenVinoSession(engine, TRANSFORMER, CpuPrecision.FP32)
    np.testing.assert_array_equal(
        halves.step.run(projected)["latents_out"], whole.run(batch)["latents_out"]
    )
