"""Read a checkpoint's weights from safetensors, one tensor at a time."""

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from export.errors import ExportError

STORED_TYPES = {  # as safetensors calls them
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
}
_LENGTH_BYTES = 8  # of the header, which begins the file


@dataclass(frozen=True)
class Source:
    """File and key of a stored weight."""

    file: Path
    key: str
    scale_key: str | None = None  # of the number that the stored values are multiplied by


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
    with open_safetensors(singles[0]) as opened:
        return dict.fromkeys(opened.keys(), singles[0])


def fp32_weight_bytes(sources: Iterable[Source]) -> int:
    """Return the size of stored weights in FP32."""
    keys: dict[Path, list[str]] = {}
    for source in sources:
        keys.setdefault(source.file, []).append(source.key)
    elements = 0
    for file, names in keys.items():
        with open_safetensors(file) as opened:
            elements += sum(math.prod(opened.get_slice(name).get_shape()) for name in names)
    return elements * torch.float32.itemsize


def read_weight(source: Source, dtype: torch.dtype) -> torch.Tensor:
    """Read one weight as `dtype`."""
    tensor = _read(source.file, source.key)
    if source.scale_key is not None:
        tensor = tensor.float() * _read(source.file, source.scale_key).float()
    return tensor.to(dtype)


def is_fp16(source: Source) -> bool:
    """Tell whether a weight is stored in FP16."""
    with open_safetensors(source.file) as opened:
        return bool(opened.get_slice(source.key).get_dtype() == "F16")


def _read(file: Path, key: str) -> torch.Tensor:
    """Read a tensor as it is stored. Maps nothing, or it would count towards this process."""
    with file.open("rb") as stream:
        header_bytes = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        stored = json.loads(stream.read(header_bytes))[key]
        if stored["dtype"] not in STORED_TYPES:
            raise ExportError(
                f"{file}: {key} is stored as {stored['dtype']}; allowed: {', '.join(STORED_TYPES)}"
            )
        begin, end = stored["data_offsets"]
        stream.seek(_LENGTH_BYTES + header_bytes + begin)
        data = torch.empty(end - begin, dtype=torch.uint8)
        stream.readinto(data.numpy().data)
    return data.view(STORED_TYPES[stored["dtype"]]).reshape(stored["shape"])


@contextmanager
def open_safetensors(file: Path) -> Iterator[Any]:
    """Open a safetensors file, for all but its tensors: numpy lacks some of their types.

    PyTorch would map the file for writing, which the system refuses of one larger than its memory.

    Raises:
        ExportError: it cannot be read.
    """
    try:
        with safe_open(file, framework="np") as opened:
            yield opened
    except SafetensorError as error:
        raise ExportError(f"{file} is damaged ({error}): fetch it again") from error
