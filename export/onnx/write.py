"""Write an engine as ONNX: trace it, quantise its linears, store its weights beside it."""

from pathlib import Path

import onnx_ir

from export.checkpoint.checkpoint import Checkpoint
from export.fp8.graph import insert_qdq
from export.graphs.engine import Engine
from export.int8.graph import insert_dequantize
from export.onnx.trace import trace
from export.onnx.weights import write_weights
from export.progress import step
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE


def write_engine(engine: Engine, checkpoint: Checkpoint, folder: Path) -> None:
    """Write `model.onnx` and `model.onnx.data`, and with FP8 `fp8.json`, into `folder`."""
    name = engine.contract.name
    with step(f"{name}: tracing"):
        graph = trace(engine)
        if engine.fp8 is not None:
            insert_qdq(graph, engine.fp8.layers)
            engine.fp8.save(folder)
        insert_dequantize(graph, engine.int8)
    with step(f"{name}: writing"):
        write_weights(engine, graph, checkpoint, folder / DATA_FILE)
        onnx_ir.save(graph, folder / ENGINE_FILE)
