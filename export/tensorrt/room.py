"""What building plans takes."""

from collections.abc import Sequence
from pathlib import Path

from export.room import Disk, Memory, Need

# Peak memory of a build as a share of one engine's weights, without the mapped weights themselves:
# the most that `benchmarks.rtx_plans` has measured of a large engine, rounded up.
HOST_SHARE = 1.8
BASE_BYTES = 0.8e9  # of a build, whatever the engine


def plan_needs(weights: Sequence[int], folder: Path) -> list[Need]:
    """Return the needs of plans.

    Args:
        weights: their bytes in each graph.
        folder: where the plans will be.
    """
    if not weights:
        return []
    return [
        Disk("plans", sum(weights), folder),
        Memory(
            "building plans",
            BASE_BYTES + HOST_SHARE * max(weights),
            "PRECISION=fp8 takes half of bf16; memory that other programs hold counts as taken",
        ),
    ]


def weight_bytes(graph: Path) -> int:
    """Return the size of an ONNX file and the weights beside it."""
    return sum(file.stat().st_size for file in graph.parent.glob(f"{graph.name}*"))
