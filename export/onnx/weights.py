"""Write a checkpoint's weights into a graph's external data, one tensor at a time."""

import math
from io import BufferedWriter
from pathlib import Path

import onnx_ir
import torch
from tqdm import tqdm

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.weights import Source, is_fp16, read_weight
from export.errors import ExportError
from export.fp8.graph import weight_scale
from export.fp8.quantize import to_fp8
from export.graphs.engine import Engine
from export.graphs.weights import weight_sources
from export.int8.quantize import channel_scales, to_int8
from export.onnx.dequantize import scale_of
from export.onnx.fp16_initializers import store_as_fp16
from export.onnx.transposes import fold_transposes
from ltx_triton.repository.layout import DATA_FILE

# Runtimes map the file into memory by pages; smaller tensors are copied anyway.
_PAGE = 4096  # bytes
_SMALL_ALIGNMENT = 64
# Below it a file of half the size is worth more than memory: OpenVINO keeps FP32 copies of FP16
# weights, where it drops the pages of FP32 ones (benchmarks/results/weight_storage.json).
_SMALL_ENGINE = 100e6  # bytes
_DTYPES = {
    onnx_ir.DataType.FLOAT: torch.float32,
    onnx_ir.DataType.FLOAT16: torch.float16,
    onnx_ir.DataType.BFLOAT16: torch.bfloat16,
    onnx_ir.DataType.FLOAT8E4M3FN: torch.bfloat16,  # before it is quantised
    onnx_ir.DataType.INT8: torch.float32,  # likewise
}


def write_weights(engine: Engine, graph: onnx_ir.Model, checkpoint: Checkpoint, file: Path) -> None:
    """Write `file`, and point the initializers without values into it.

    Convert weights to the types of the initializers, but keep FP16 where a small graph has FP32.
    Hold one tensor in memory at a time.

    Raises:
        ExportError: a weight is missing, left over, or of another shape.
    """
    permutations = fold_transposes(graph)
    pending = {
        name: value for name, value in graph.graph.initializers.items() if value.const_value is None
    }
    for value in list(pending.values()):
        if value.dtype is onnx_ir.DataType.INT8:
            del pending[str(scale_of(value).name)]  # computed from the weight
    sources = weight_sources(engine, list(pending), checkpoint)
    if sum(map(_bytes, pending.values())) < _SMALL_ENGINE:
        store_as_fp16(graph, [name for name in pending if _is_fp16(pending[name], sources[name])])
    total = sum(map(_bytes, pending.values()))
    with (
        file.open("wb") as stream,
        tqdm(total=total, unit="B", unit_scale=True, desc=f"{engine.contract.name} weights") as bar,
    ):
        for name, value in pending.items():
            _append(stream, value, sources[name], permutations.get(name))
            bar.update(_bytes(value))


def _append(
    stream: BufferedWriter,
    value: onnx_ir.Value,
    source: Source,
    permutation: tuple[int, ...] | None,
) -> None:
    tensor = read_weight(source, _DTYPES[_datatype(value)])
    if value.dtype is onnx_ir.DataType.INT8:
        scales = channel_scales(tensor)
        tensor = to_int8(tensor, scales)
        _store(stream, scale_of(value), scales)
    elif value.dtype is onnx_ir.DataType.FLOAT8E4M3FN:
        tensor = to_fp8(tensor, weight_scale(value))
    if permutation is not None:
        tensor = tensor.permute(permutation).contiguous()
    expected = _shape(value)
    if tuple(tensor.shape) != expected:
        raise ExportError(
            f"{source.file}: {source.key} has shape {tuple(tensor.shape)}, expected {expected}"
        )
    _store(stream, value, tensor)


def _store(stream: BufferedWriter, value: onnx_ir.Value, tensor: torch.Tensor) -> None:
    alignment = _PAGE if _bytes(value) >= _PAGE else _SMALL_ALIGNMENT
    stream.write(b"\0" * (-stream.tell() % alignment))
    value.const_value = onnx_ir.ExternalTensor(
        location=DATA_FILE,
        offset=stream.tell(),
        length=_bytes(value),
        dtype=_datatype(value),
        shape=onnx_ir.Shape(_shape(value)),
        name=str(value.name),
        base_dir=Path(stream.name).parent,
    )
    stream.flush()
    tensor.flatten().view(torch.uint8).numpy().tofile(stream)


def _is_fp16(value: onnx_ir.Value, source: Source) -> bool:
    return value.dtype is onnx_ir.DataType.FLOAT and is_fp16(source)


def _shape(value: onnx_ir.Value) -> tuple[int, ...]:
    return value.shape.numpy() if value.shape is not None else ()


def _bytes(value: onnx_ir.Value) -> int:
    return int(math.prod(_shape(value)) * _datatype(value).itemsize)


def _datatype(value: onnx_ir.Value) -> onnx_ir.DataType:
    if value.dtype is None:
        raise ValueError(f"initializer {value.name} has no type")
    return value.dtype
