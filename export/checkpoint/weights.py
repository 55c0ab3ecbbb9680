"""Weights, from safetensors shards into the ONNX file's external data, one tensor at a time."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedWriter
from pathlib import Path
from typing import Any

import onnx_ir
import torch
from safetensors import SafetensorError, safe_open
from tqdm import tqdm

from export.checkpoint.folder import Checkpoint
from export.errors import ExportError
from export.fp8.graph import weight_scale
from export.fp8.quantize import to_fp8
from export.graphs.engine import Engine
from export.onnx.fp16_initializers import store_in_half
from export.onnx.transposes import fold_transposes

DATA_FILE = "model.onnx.data"
# Runtimes map the file into memory; mappings begin at pages. What is smaller than one is copied.
_PAGE = 4096  # bytes
_SMALL_ALIGNMENT = 64
_DTYPES = {
    onnx_ir.DataType.FLOAT: torch.float32,
    onnx_ir.DataType.FLOAT16: torch.float16,
    onnx_ir.DataType.BFLOAT16: torch.bfloat16,
    onnx_ir.DataType.FLOAT8E4M3FN: torch.bfloat16,  # what is quantised
}


@dataclass(frozen=True)
class Source:
    """Where an initializer's values come from."""

    file: Path
    key: str
    permutation: tuple[int, ...] | None = None


def write_weights(engine: Engine, graph: onnx_ir.Model, checkpoint: Checkpoint, file: Path) -> None:
    """Write `file` and point the initializers of `graph` without values into it.

    Values take the types of the initializers; FP16 stays FP16 where the graph has FP32. Holds one
    tensor in memory at a time.

    Raises:
        ExportError: the graph needs a weight that the checkpoint lacks, a shape differs, or the
            checkpoint has a weight that the graph has no use for.
    """
    permutations = fold_transposes(graph)
    pending = {
        name: value for name, value in graph.graph.initializers.items() if value.const_value is None
    }
    sources = {
        name: replace(source, permutation=permutations.get(name))
        for name, source in weight_sources(engine, list(pending), checkpoint).items()
    }
    halves = [
        name
        for name, value in pending.items()
        if value.dtype is onnx_ir.DataType.FLOAT and _is_half(sources[name])
    ]
    store_in_half(graph, halves)
    total = sum(_bytes(value) for value in pending.values())
    with (
        file.open("wb") as stream,
        tqdm(total=total, unit="B", unit_scale=True, desc=f"{engine.contract.name} weights") as bar,
    ):
        for name, value in pending.items():
            _append(stream, value, sources[name])
            bar.update(_bytes(value))


def weight_files(folder: Path) -> dict[str, Path]:
    """Map every weight of a component's folder to the safetensors file that holds it.

    Raises:
        ExportError: there are no safetensors files, or one that the index names is missing.
    """
    indexes = sorted(folder.glob("*.safetensors.index.json"))
    if indexes:
        names = json.loads(indexes[0].read_text(encoding="utf-8"))["weight_map"]
        files = {key: folder / file for key, file in names.items()}
        for file in sorted(set(files.values())):
            if not file.is_file():
                raise ExportError(f"{file} is missing, though {indexes[0].name} names it")
        return files
    singles = sorted(folder.glob("*.safetensors"))
    if len(singles) != 1:
        raise ExportError(
            f"{folder} holds {len(singles)} safetensors files and no index: expected one file, or "
            "several with a *.safetensors.index.json"
        )
    with _open(singles[0]) as opened:
        return dict.fromkeys(opened.keys(), singles[0])


def weight_bytes(folder: Path) -> int:
    """Size of all weights of a component's folder in FP32."""
    elements = 0
    for file in sorted(set(weight_files(folder).values())):
        with _open(file) as opened:
            keys = opened.keys()
            elements += sum(math.prod(opened.get_slice(key).get_shape()) for key in keys)
    return elements * torch.float32.itemsize


def weight_sources(engine: Engine, names: list[str], checkpoint: Checkpoint) -> dict[str, Source]:
    """Find the checkpoint's weights for the named parameters of an engine's module.

    Raises:
        ExportError: the checkpoint lacks one, or has a weight that is of no use.
    """
    files = weight_files(checkpoint.folder / engine.component)
    aliases = dict(engine.aliases)
    used = set()
    sources = {}
    for name in names:
        key = name.removeprefix("model.")
        candidates = [key, aliases[key]] if key in aliases else [key]
        found = [candidate for candidate in candidates if candidate in files]
        if not found:
            raise ExportError(f"{checkpoint.folder / engine.component} has no weight {key}")
        used.update(found)
        sources[name] = Source(files[found[0]], found[0])
    leftover = [key for key in files if key not in used and not key.startswith(engine.unused)]
    if leftover:
        raise ExportError(
            f"{checkpoint.folder / engine.component} has {len(leftover)} weights that the "
            f"{engine.contract.name} graph does not use, such as {leftover[0]}"
        )
    return sources


def read_weight(source: Source, dtype: torch.dtype) -> torch.Tensor:
    """Read one weight as `dtype`, permuted as its source says."""
    # Opened anew each time: a mapped file counts towards this process's memory while it is open.
    with _open(source.file) as opened:
        tensor: torch.Tensor = opened.get_tensor(source.key).to(dtype)
    if source.permutation is not None:
        tensor = tensor.permute(source.permutation)
    return tensor.contiguous()


def _is_half(source: Source) -> bool:
    with _open(source.file) as opened:
        return bool(opened.get_slice(source.key).get_dtype() == "F16")


def _append(stream: BufferedWriter, value: onnx_ir.Value, source: Source) -> None:
    tensor = read_weight(source, _DTYPES[_datatype(value)])
    if value.dtype is onnx_ir.DataType.FLOAT8E4M3FN:
        tensor = to_fp8(tensor, weight_scale(value))
    expected = _shape(value)
    if tuple(tensor.shape) != expected:
        raise ExportError(
            f"{source.file}: {source.key} has shape {tuple(tensor.shape)}, expected {expected}"
        )
    alignment = _PAGE if _bytes(value) >= _PAGE else _SMALL_ALIGNMENT
    stream.write(b"\0" * (-stream.tell() % alignment))
    value.const_value = onnx_ir.ExternalTensor(
        location=DATA_FILE,
        offset=stream.tell(),
        length=_bytes(value),
        dtype=_datatype(value),
        shape=onnx_ir.Shape(expected),
        name=str(value.name),
        base_dir=Path(stream.name).parent,
    )
    stream.flush()
    tensor.flatten().view(torch.uint8).numpy().tofile(stream)


@contextmanager
def _open(file: Path) -> Iterator[Any]:
    try:
        with safe_open(file, framework="pt") as opened:
            yield opened
    except SafetensorError as error:
        raise ExportError(f"{file} cannot be read: {error}") from error


def _shape(value: onnx_ir.Value) -> tuple[int, ...]:
    return value.shape.numpy() if value.shape is not None else ()


def _bytes(value: onnx_ir.Value) -> int:
    return int(math.prod(_shape(value)) * _datatype(value).itemsize)


def _datatype(value: onnx_ir.Value) -> onnx_ir.DataType:
    if value.dtype is None:
        raise ValueError(f"initializer {value.name} has no type")
    return value.dtype
