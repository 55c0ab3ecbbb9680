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
    # Open the file for each weight: a mapped file counts towards this process's memory.
    with open_safetensors(source.file) as opened:
        tensor: torch.Tensor = opened.get_tensor(source.key)
        if source.scale_key is not None:
            tensor = tensor.float() * opened.get_tensor(source.scale_key).float()
    return tensor.to(dtype).contiguous()


def is_fp16(source: Source) -> bool:
    """Tell whether a weight is stored in FP16."""
    with open_safetensors(source.file) as opened:
        return bool(opened.get_slice(source.key).get_dtype() == "F16")


@contextmanager
def open_safetensors(file: Path) -> Iterator[Any]:
    """Open a safetensors file.

    Raises:
        ExportError: it cannot be read.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            yield opened
    except SafetensorError as error:
        raise ExportError(f"{file} is damaged ({error}): fetch it again") from error
