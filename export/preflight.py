"""Find what would stop an export before anything is downloaded or written."""

from collections.abc import Mapping
from pathlib import Path

from huggingface_hub.constants import HF_HUB_CACHE

from export.checkpoint.checkpoint import Checkpoint
from export.child_process import in_child
from export.engines import build_engines
from export.fp8.calibrate import free_gpu_bytes
from export.fp8.record import Record
from export.graphs.weights import require_weights
from export.needs import calibration_need, duration, engine_needs, engine_weight_bytes
from export.options import ExportOptions
from export.precision import Precision
from export.room import Disk, Need, require_room
from export.sampling import schedules
from export.tensorrt.room import Planned, plan_needs
from ltx_triton.contract import TRANSFORMER
from ltx_triton.repository.layout import version_folder


def preflight(
    checkpoint: Checkpoint,
    options: ExportOptions,
    plans: Planned | None,
    missing: Mapping[str, int],
) -> None:
    """Say what an export takes, and stop if the checkpoint is unsuitable or the room too little.

    Args:
        checkpoint: may be opened without its weights.
        options: of the export.
        plans: to build of the engines; None: none.
        missing: bytes to download, by source.

    Raises:
        ExportError: a weight is missing, left over or of another shape, as far as headers tell,
            there is no schedule, or the machine has too little room.
    """
    schedules(checkpoint, options)
    engines, precision = build_engines(checkpoint, options), options.precision
    for engine in engines:
        require_weights(engine, checkpoint)
    needs: list[Need] = []
    cache = options.cache_dir or Path(HF_HUB_CACHE)
    needs += [Disk(f"the download of {name}", size, cache) for name, size in missing.items()]
    needs += engine_needs(engines, precision, options.output, measured=options.measures_memory)
    record = version_folder(options.output, TRANSFORMER) / Record.FILE
    if precision is Precision.FP8 and not record.is_file():
        calibration = calibration_need(engines, record.parent)
        # In a child: a CUDA context would take GPU memory from the steps that follow.
        free = in_child("the GPU's free memory cannot be read: CUDA crashed", free_gpu_bytes)
        if free < calibration.bytes:
            needs.append(calibration)
    if plans is not None:
        weights = {
            engine.contract.name: engine_weight_bytes(engine, precision) for engine in engines
        }
        needs += plan_needs(plans, weights, outdated=weights)
    require_room(needs, [duration(engines, precision, verification=options.verification)])
