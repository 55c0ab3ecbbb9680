"""Export a checkpoint to a model repository."""

from pathlib import Path

from export.checkpoint.tokenizer import save_tokenizer
from export.child_process import in_child
from export.engines import build_engines, with_precision
from export.fp8.calibrate import copy_hint, load_or_calibrate
from export.memory.measure import measure_memory
from export.onnx.write import write_engine
from export.options import ExportOptions
from export.precision import Precision
from export.preflight import preflight
from export.progress import step
from export.repository.fingerprint import is_current, write_fingerprint
from export.repository.staging import publish, remove_leftovers, staging
from export.sampling import pipeline_config, sampling
from export.tensorrt.room import Planned
from export.verification.fp8 import verify_fp8
from export.verification.int8 import verify_int8
from export.verification.verify import verify
from ltx_triton.contract import ENGINES, LTX_VIDEO, TRANSFORMER
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.cpu_runtime import runtime_of
from ltx_triton.engines.memory_use import CpuMemory
from ltx_triton.repository.assemble import assemble
from ltx_triton.repository.layout import ENGINE_FILE, PLAN_FILE, TOKENIZER_FILE, version_folder


def export(options: ExportOptions, plans: Planned | None = None) -> None:
    """Fill a model repository with a checkpoint's engines, tokenizer and settings.

    Skip engines that are up to date. Say before anything is downloaded or written what that takes,
    and what the plans take, if plans of the engines are to be built.

    Raises:
        ExportError: the checkpoint is unsuitable, the machine has too little room, or an engine
            differs from PyTorch. The repository is left unchanged.
    """
    remove_leftovers(options.output)
    missing = options.sources.missing_bytes()
    checkpoint = options.sources.open(weights=not missing)
    options = with_precision(options, checkpoint)
    print(f"Sampled as {sampling(checkpoint, options)}")
    if missing:
        preflight(checkpoint, options, plans, missing)
        checkpoint = options.sources.open()
    config = pipeline_config(checkpoint, options)
    measured = [CpuMemory.FILE] if options.measures_memory else []
    if is_current(options.output, config, measured, verified=options.verification) and (
        not measured or _measured_as_served(options.output)
    ):
        assemble(options.output)
        print(f"{options.output} is current")
        return
    if config.guidance_scale != 1:
        print(
            "Lightricks' recipe for this version has spatiotemporal guidance (STG), which is not "
            "supported: videos are made with plain guidance."
        )
    if not missing:
        preflight(checkpoint, options, plans, missing)
    fp8 = None
    if options.precision is Precision.FP8:
        folder = version_folder(options.output, TRANSFORMER)
        fp8 = in_child(
            f"the FP8 calibration ended: this machine has too little memory; {copy_hint(folder)}",
            load_or_calibrate,
            checkpoint,
            config.checkpoint_sha256,
            folder,
        )
    engines = build_engines(checkpoint, options, fp8)
    with staging(options.output) as folders:
        for engine in engines:
            name = engine.contract.name
            write_engine(engine, checkpoint, folders[name])
            if options.verification:
                with step(f"{name}: verifying against PyTorch"):
                    file = folders[name] / ENGINE_FILE
                    if engine.fp8 is not None:
                        verify_fp8(checkpoint, config, engine.fp8, file)
                    elif engine.int8:
                        verify_int8(engine.contract, checkpoint, config, file)
                    else:
                        verify(engine.contract, checkpoint, config, file)
                if measured:
                    with step(f"{name}: measuring its memory"):
                        memory = measure_memory(engine.contract, config, folders[name])
                    memory.save(folders[name])
        save_tokenizer(checkpoint, folders[LTX_VIDEO.name] / TOKENIZER_FILE)
        config.save(folders[LTX_VIDEO.name])
        write_fingerprint(folders[LTX_VIDEO.name], config, verified=options.verification)
        stale = [f"{PLAN_FILE}*", CpuEngineInfo.FILE, *([] if measured else [CpuMemory.FILE])]
        publish(folders, stale=[f"*/1/{pattern}" for pattern in stale])


def _measured_as_served(repository: Path) -> bool:
    """Tell whether the engines' memory was measured in the runtimes that CPU_RUNTIME says."""
    return all(
        CpuMemory.load(version_folder(repository, engine)).runtime == runtime_of(engine.name)
        for engine in ENGINES
    )
