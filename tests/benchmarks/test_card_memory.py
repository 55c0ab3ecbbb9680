from pathlib import Path

import onnx_ir
import pytest
from torch import nn

from benchmarks.card_memory import CUDA_BYTES, DEPLOYMENTS, Deployment, cards, graph_bytes
from export.checkpoint.folder import FolderCheckpoint
from export.fp8.graph import insert_qdq
from export.graphs import text_encoder, transformer
from export.onnx.trace import trace
from export.onnx.write import write_engine
from export.precision import Precision
from export.random.fp8_record import random_scales

pytestmark = pytest.mark.slow

GB = 10**9
WEIGHTS = {
    "transformer 13B": {"bf16": 26 * GB, "fp8": 13 * GB},
    "transformer 2B": {"bf16": 4 * GB, "fp8": 2 * GB},
    "vae_decoder": {"bf16": 1 * GB},
    "text_encoder": {"bf16": 10 * GB, "fp32": 20 * GB},
}


def test_what_is_traced_has_the_bytes_of_what_is_exported(
    checkpoint: FolderCheckpoint, tmp_path: Path
) -> None:
    write_engine(text_encoder.build(checkpoint, Precision.BF16), checkpoint, tmp_path)
    exported = onnx_ir.load(tmp_path / "model.onnx").graph.initializers.values()

    counted = graph_bytes(trace(text_encoder.build(checkpoint, Precision.BF16)))

    assert counted == sum(each.const_value.nbytes for each in exported if each.const_value)


def test_fp8_halves_the_linears_of_the_blocks_alone(checkpoint: FolderCheckpoint) -> None:
    engine = transformer.build(checkpoint, Precision.BF16)
    scales = random_scales(checkpoint.config("transformer"))
    linears = [engine.module.get_submodule(f"model.{name}") for name in scales]
    elements = sum(each.weight.numel() for each in linears if isinstance(each, nn.Linear))
    graph = trace(engine)
    before = graph_bytes(graph)

    insert_qdq(graph, scales)

    added = 2 * 2 * len(scales) + 1  # in BF16, two for each linear at most, and the zero point
    assert len(scales) == 20, "ten in each block"
    assert elements - added <= before - graph_bytes(graph) < elements


def test_a_card_holds_what_is_not_on_the_cpu() -> None:
    on_gpu = Deployment(24, "13B", Precision.FP8, "gpu")
    on_cpu = Deployment(24, "13B", Precision.FP8, "cpu")

    assert (on_gpu.gpu_bytes(WEIGHTS), on_cpu.gpu_bytes(WEIGHTS)) == (24 * GB, 14 * GB)
    assert on_cpu.left_bytes(WEIGHTS) == 24 * 2**30 - CUDA_BYTES - 14 * GB


def test_every_deployment_has_a_row() -> None:
    rows = cards(WEIGHTS).splitlines()[2:]

    assert len(rows) == len(DEPLOYMENTS)
    assert "| 24 GB | 13B | fp8 | CPU | 14.0 GB | 10.8 GB | `deploy/cards/24gb.env` |" in rows
