"""The header of a safetensors file, which is read before its tensors."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from export.checkpoint.weights import open_safetensors

FP8 = ("F8_E4M3", "F8_E5M2")


@dataclass(frozen=True)
class Tensor:
    """Type, as safetensors calls it, and shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """Tensors by their keys, and what the file says besides."""

    tensors: dict[str, Tensor]
    metadata: dict[str, str] = field(default_factory=dict)


def read_header(file: Path) -> Header:
    """Read it from a file on this machine.

    Raises:
        ExportError: it is no safetensors file, or a part of it is missing.
    """
    with open_safetensors(file) as opened:
        tensors = {key: _tensor(opened.get_slice(key)) for key in opened.keys()}  # noqa: SIM118
        return Header(tensors, opened.metadata() or {})


def fetch_header(repo: str, file: str) -> Header:
    """Read it from a file on the hub, by a request of that part alone.

    Raises errors of the hub and of its HTTP client.
    """
    found = HfApi().parse_safetensors_file_metadata(repo, file)
    tensors = {
        key: Tensor(info.dtype, tuple(info.shape)) for key, info in sorted(found.tensors.items())
    }
    return Header(tensors, found.metadata or {})


def count_numbers(names: Collection[str], pattern: str) -> int:
    """Count the numbers n = 0, 1, ... with which `pattern` is the beginning of some name."""
    number = 0
    while any(name.startswith(pattern.format(number)) for name in names):
        number += 1
    return number


def _tensor(opened: Any) -> Tensor:
    return Tensor(opened.get_dtype(), tuple(opened.get_shape()))
