"""Write safetensors files of any size with one tensor in memory at a time."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from export.checkpoint.weights import STORED_TYPES

_NAMES = {dtype: name for name, dtype in STORED_TYPES.items()}


def write_tensors(
    file: Path,
    tensors: Mapping[str, tuple[torch.Size, torch.dtype]],
    draw: Callable[[str], Tensor],
    metadata: dict[str, str],
) -> None:
    """Write `file`, whose folder is created if missing.

    Args:
        file: to write.
        tensors: shapes and types by key.
        draw: returns the tensor of a key, of that shape and type.
        metadata: of the header.
    """
    header: dict[str, object] = {"__metadata__": metadata}
    end = 0
    for key, (shape, dtype) in tensors.items():
        begin, end = end, end + shape.numel() * dtype.itemsize
        header[key] = {
            "dtype": _NAMES[dtype],
            "shape": list(shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the data are aligned by the header's length
    file.parent.mkdir(parents=True, exist_ok=True)
    with (
        file.open("wb") as stream,
        tqdm(total=end, unit="B", unit_scale=True, desc=f"writing {file.name}", delay=5) as bar,
    ):
        stream.write(len(text).to_bytes(8, "little") + text)
        for key in tensors:
            tensor = draw(key).flatten().contiguous()
            stream.flush()
            tensor.view(torch.uint8).numpy().tofile(stream)
            bar.update(tensor.nbytes)
