"""The stages of a case, in order, and what their parts need."""

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.gpu.artifacts import Artifacts
from benchmarks.gpu.budget import ACTIVATIONS, PROCESS_BYTES, Need
from benchmarks.gpu.parts import Part
from benchmarks.gpu.sizes import all_engines_bytes, engine_bytes, torch_bytes
from benchmarks.gpu.tasks import Tasks
from export.precision import Precision
from ltx_triton.contract import ENGINES

STAGES = {
    "checkpoint": "write random weights of the true size",
    "calibration": "find the scales of FP8",
    "reference": "outputs of PyTorch in FP32 and in the case's precision, a component at a time",
    "pytorch": "time diffusers, eager and compiled; count operations, measure the peak rate",
    "export": "write the engines as ONNX",
    "plans": "build TensorRT plans of them",
    "parity": "compare the engines with PyTorch, tiny ones with ONNX Runtime too",
    "engines": "time the engines in process, in turns with PyTorch where both fit",
    "triton": "time them in Triton, in turns with the bare engines where both fit",
    "report": "print the tables",
}

_BUILDER = 1.5  # of an engine, on the host
_GPU_BUILDER = 2.2  # of an engine, on the GPU: kernels are timed beside the plan


def make_parts(tasks: Tasks) -> list[Part]:
    case, model = tasks.case, tasks.model
    files = Artifacts.of(case, model)
    whole = tuple(files.checkpoint.values())
    stored = sum(artifact.expected_bytes for artifact in whole)
    engines = all_engines_bytes(model)
    fp32 = max(torch_bytes(model, Precision.FP32).values())
    fp8 = case.precision == "fp8"
    calibration = ("calibration",) if fp8 else ()
    names = [engine.name for engine in ENGINES]
    built = tuple(f"{'plans' if files.plans else 'export'} {name}" for name in names)
    small = tuple(files.onnx.values()) if model.is_tiny else ()
    parts = [
        _part("checkpoint", tasks.checkpoint, stored, makes=whole),
        _part(
            "calibration",
            tasks.calibration,
            stored,
            host=ACTIVATIONS * fp32,
            device=ACTIVATIONS * fp32 / 2,
            after=("checkpoint",),
            uses=whole,
        ),
        _part(
            "reference",
            tasks.reference,
            stored,
            device=ACTIVATIONS * fp32,
            after=("checkpoint", *calibration),
            uses=whole,
        ),
        _part(
            "pytorch",
            tasks.pytorch,
            stored,
            device=ACTIVATIONS * tasks.pytorch_bytes,
            after=("checkpoint",),
            uses=whole,
        ),
    ]
    for name in names:  # ONNX of one at a time
        size = engine_bytes(model, name)
        parts.append(
            _part(
                "export",
                partial(tasks.export, name),
                size,
                component=name,
                after=("checkpoint", *calibration),
                uses=(files.checkpoint[name],),
                makes=(files.onnx[name],),
            )
        )
        if files.plans:
            parts.append(
                _part(
                    "plans",
                    partial(tasks.plan, name),
                    size,
                    component=name,
                    host=_BUILDER * size,
                    device=_GPU_BUILDER * size,
                    after=(f"export {name}",),
                    uses=(files.onnx[name],),
                    makes=(files.plans[name],),
                )
            )
    parts += [
        _part(
            "parity",
            tasks.parity,
            engines,
            device=ACTIVATIONS * engines,
            after=("reference", *built),
            uses=(*files.engines, *small),
        ),
        _part(
            "engines",
            tasks.engines,
            engines,
            device=ACTIVATIONS * engines,
            after=built,
            uses=files.engines,
            prefers=whole,
        ),
        _part(
            "triton",
            tasks.triton,
            engines,
            device=ACTIVATIONS * engines,
            after=built,
            uses=files.engines,
        ),
    ]
    if tasks.triton_address is not None:
        # It has its memory already, and its plans open.
        parts.append(_part(triton_stage(tasks.triton_address), tasks.triton, engines, after=built))
    return [part for part in parts if fp8 or part.stage != "calibration"]


def triton_stage(address: str | None) -> str:
    """Return the name of the stage with the wheel's Triton, or with one at an address."""
    return f"triton at {address}" if address else "triton"


def _part(
    stage: str,
    run: Callable[[], dict[str, Any]],
    weights: float,
    *,
    host: float = 0,
    device: float = 0,
    **others: Any,
) -> Part:
    return Part(stage, run, weights, Need(PROCESS_BYTES + host, device), **others)
