"""What building plans takes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from export.memory.need import measuring_need
from export.room import Disk, Memory, Need
from export.tensorrt.cpu_engine import is_upcast
from export.tensorrt.target import has_precision
from ltx_triton.engines.cpu_runtime import CpuRuntime, runtime_of
from ltx_triton.engines.tensorrt.cuda import Gpu

# Peak memory of a build as a share of one engine's weights, without the mapped weights themselves:
# the most that `benchmarks.rtx_plans` has measured of a large engine, rounded up.
HOST_SHARE = 1.8
BASE_BYTES = 0.8e9  # of a build, whatever the engine


@dataclass(frozen=True)
class Planned:
    """Where plans will be, and what will run them."""

    folder: Path
    precision: str  # of the export
    gpu: Gpu | None  # None: another machine's
    weight_streaming: bool
    on_cpu: tuple[str, ...] = ()  # names of engines without a plan


def plan_needs(plans: Planned, weights: Mapping[str, int], outdated: Collection[str]) -> list[Need]:
    """Return the needs of building plans, and of running them with those that are current.

    Args:
        plans: to build.
        weights: their bytes in the graph of each engine, by its name.
        outdated: names of the engines to build, or to put on the CPU.
    """
    on_gpu = {name: size for name, size in weights.items() if name not in plans.on_cpu}
    to_build = [size for name, size in on_gpu.items() if name in outdated]
    needs: list[Need] = []
    if to_build:
        needs.append(Disk("plans", sum(to_build), plans.folder))
        needs.append(_building(plans, max(to_build)))
    for name in plans.on_cpu:
        if name in outdated:
            needs += _on_cpu(plans, name, weights[name])
    if to_build and plans.gpu and not plans.weight_streaming:
        needs.append(_on_gpu(plans, plans.gpu, sum(on_gpu.values())))
    return needs


def _building(plans: Planned, largest: int) -> Memory:
    remedies = ["memory that other programs hold counts as taken"]
    if _may_take_fp8(plans):
        remedies.insert(0, "PRECISION=fp8 takes half")
    return Memory("build plans", BASE_BYTES + HOST_SHARE * largest, "; ".join(remedies))


def _on_gpu(plans: Planned, gpu: Gpu, weights: int) -> Memory:
    remedies = ["EXPORT_OPTIONS=--weight-streaming leaves them on the host"]
    if not plans.on_cpu:
        remedies.insert(0, "TEXT_ENCODER_DEVICE=cpu leaves those of the text encoder there")
    if _may_take_fp8(plans):
        remedies.insert(0, "PRECISION=fp8 halves the transformer's")
    return Memory("hold the plans' weights, besides activations", weights, "; ".join(remedies), gpu)


def _may_take_fp8(plans: Planned) -> bool:
    fits = plans.gpu is None or has_precision(plans.gpu, "fp8")
    return plans.precision == "bf16" and fits


def _on_cpu(plans: Planned, name: str, weights: int) -> list[Need]:
    what = f"{name} on the CPU"
    size = weights * (2 if is_upcast(plans.precision) else 1)
    held = size if runtime_of(name) is CpuRuntime.OPENVINO else 0  # ONNX Runtime maps them
    return [
        Disk(what, size, plans.folder),
        measuring_need(what, held, "TEXT_ENCODER_DEVICE=gpu builds a plan of it"),
    ]


def onnx_bytes(graph: Path) -> int:
    """Return the size of an ONNX file and the weights beside it."""
    return sum(file.stat().st_size for file in graph.parent.glob(f"{graph.name}*"))
