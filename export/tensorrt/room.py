"""What building plans takes."""

from collections.abc import Sequence
from pathlib import Path

from export.memory.need import measuring_need
from export.room import Disk, Memory, Need
from export.tensorrt.cpu_engine import is_upcast
from ltx_triton.contract import ModelContract
from ltx_triton.engines.tensorrt.cuda import Gpu

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


def gpu_need(weights: Sequence[int], gpu: Gpu) -> Memory:
    """Return the need of running plans whose weights do not stream.

    Args:
        weights: their bytes in each graph.
        gpu: will run the plans.
    """
    return Memory(
        "weights of the plans, without activations,",
        sum(weights),
        "PRECISION=fp8 halves the transformer's; EXPORT_OPTIONS=--weight-streaming leaves "
        "them on the host",
        gpu,
    )


def cpu_needs(contract: ModelContract, weights: int, precision: str, folder: Path) -> list[Need]:
    """Return the needs of an engine on the CPU, beside plans.

    Args:
        contract: of the engine.
        weights: their bytes in the exported graph.
        precision: of the export.
        folder: where the engine will be.
    """
    what = f"{contract.name} on the CPU"
    size = weights * (2 if is_upcast(precision) else 1)
    return [
        Disk(what, size, folder),
        measuring_need(what, size, "TEXT_ENCODER=gpu builds a plan of it"),
    ]


def onnx_bytes(graph: Path) -> int:
    """Return the size of an ONNX file and the weights beside it."""
    return sum(file.stat().st_size for file in graph.parent.glob(f"{graph.name}*"))
