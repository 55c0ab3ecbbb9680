"""Say what building plans takes before it starts, and stop if the machine has too little."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from export.errors import ExportError
from ltx_triton.engines.machine_memory import left_bytes

# Peak memory of a build as a share of one engine's weights, without the mapped weights themselves.
# TensorRT-RTX 1.7 took 1.4 in BF16, less in FP8.
_HOST_SHARE = 1.5


def require_room(graphs: Sequence[Path], folder: Path) -> None:
    """Print the memory and disk that plans of these graphs take.

    Args:
        graphs: ONNX files, with their weights beside them.
        folder: where the plans will be.

    Raises:
        ExportError: less is free.
    """
    if not graphs:
        return
    weights = [_weight_bytes(graph) for graph in graphs]
    memory, disk = _HOST_SHARE * max(weights), sum(weights)
    free_memory, free_disk = left_bytes(), shutil.disk_usage(folder).free
    needs = (
        f"building takes about {_gb(memory)} GB of memory and {_gb(disk)} GB of disk; "
        f"{_gb(free_memory)} GB and {_gb(free_disk)} GB are free"
    )
    if memory > free_memory or disk > free_disk:
        raise ExportError(needs)
    print(needs)


def _weight_bytes(graph: Path) -> int:
    return sum(file.stat().st_size for file in graph.parent.glob(f"{graph.name}*"))


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f}"
