"""Export a checkpoint to a model repository."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diffusers import LTXConditionPipeline
from huggingface_hub.constants import HF_HUB_CACHE

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.open import Sources
from export.checkpoint.schedule import is_stochastic, sigma_schedules
from export.checkpoint.tokenizer import save_tokenizer
from export.checkpoint.versions import Version, find_version
from export.child_process import in_child
from export.errors import ExportError
from export.fp8.calibrate import copy_hint, free_gpu_bytes, load_or_calibrate
from export.fp8.record import Record
from export.graphs import text_encoder, transformer, vae_decoder
from export.graphs.engine import Engine
from export.memory.measure import measure_memory
from export.needs import calibration_need, duration, engine_needs, engine_weight_bytes
from export.onnx.write import write_engine
from export.precision import FOR_CPU, Precision
from export.progress import step
from export.repository.fingerprint import is_current, write_fingerprint
from export.repository.staging import publish, staging
from export.room import Disk, Need, require_room
from export.tensorrt.room import Planned, plan_needs
from export.verification.fp8 import verify_fp8
from export.verification.int8 import verify_int8
from export.verification.verify import verify
from ltx_triton.contract import ENGINES, LTX_VIDEO, TRANSFORMER
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.cpu_runtime import runtime_of
from ltx_triton.engines.memory_use import CpuMemory
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.assemble import assemble
from ltx_triton.repository.layout import ENGINE_FILE, PLAN_FILE, TOKENIZER_FILE, version_folder

LARGE = 1e9  # parameters of a transformer
TEXT_BUCKETS = (32, 64, 128, 256)  # tokens


@dataclass(frozen=True)
class ExportOptions:
    """A checkpoint, a destination and sampling settings."""

    model: str  # hub id, folder or file
    output: Path  # root of the model repository
    cache_dir: Path | None = None  # for downloads
    text_encoder: str | None = None  # source of its own; None: see `Sources`
    tokenizer: str | None = None  # likewise
    checkpoint_version: str | None = None  # None: what the checkpoint says
    precision: Precision = Precision.FP32
    precision_if_large: Precision | None = None  # instead, for more than LARGE parameters
    name: str | None = None  # shown to users; None: the hub id or the folder's name
    num_inference_steps: int | None = None  # None: the version's, likewise the next two
    decode_timestep: float | None = None
    decode_noise_scale: float | None = None
    verification: bool = True  # whether engines are compared with PyTorch before they are published
    for_cpu: bool = True  # whether verified engines are measured, too: their memory on a CPU

    @property
    def sources(self) -> Sources:
        return Sources(self.model, self.text_encoder, self.tokenizer, self.cache_dir)


def export(options: ExportOptions, plans: Planned | None = None) -> None:
    """Fill a model repository with a checkpoint's engines, tokenizer and settings.

    Skip engines that are up to date. Say before anything is downloaded or written what that takes,
    and what the plans take, if plans of the engines are to be built.

    Raises:
        ExportError: the checkpoint is unsuitable, the machine has too little room, or an engine
            differs from PyTorch. The repository is left unchanged.
    """
    missing = options.sources.missing_bytes()
    if missing:
        settings = options.sources.open(weights=False)
        options = with_precision(options, settings)
        _require_room(settings, options, plans, missing)
    checkpoint = options.sources.open()
    options = with_precision(options, checkpoint)
    config = pipeline_config(checkpoint, options)
    measured = [CpuMemory.FILE] if _measures_memory(options) else []
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
        _require_room(checkpoint, options, plans, missing)
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
    engines = _engines(checkpoint, options, fp8)
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


def with_precision(options: ExportOptions, checkpoint: Checkpoint) -> ExportOptions:
    """Decide the precision by the checkpoint's size, where that is left open."""
    if options.precision_if_large is None:
        return options
    parameters = transformer.build(checkpoint, options.precision).module.parameters()
    large = sum(parameter.numel() for parameter in parameters) > LARGE
    precision = options.precision_if_large if large else options.precision
    return replace(options, precision=precision, precision_if_large=None)


def _engines(
    checkpoint: Checkpoint, options: ExportOptions, fp8: Record | None = None
) -> tuple[Engine, ...]:
    version = sampling(checkpoint, options)
    return (
        text_encoder.build(checkpoint, options.precision),
        transformer.build(checkpoint, options.precision, fp8),
        vae_decoder.build(
            checkpoint, options.precision, version.decode_timestep, version.decode_noise_scale
        ),
    )


def _require_room(
    checkpoint: Checkpoint,
    options: ExportOptions,
    plans: Planned | None,
    missing: Mapping[str, int],
) -> None:
    engines, precision = _engines(checkpoint, options), options.precision
    needs: list[Need] = []
    cache = options.cache_dir or Path(HF_HUB_CACHE)
    needs += [Disk(f"the download of {name}", size, cache) for name, size in missing.items()]
    needs += engine_needs(engines, precision, options.output, measured=_measures_memory(options))
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


def _measures_memory(options: ExportOptions) -> bool:
    return options.verification and options.for_cpu and options.precision in FOR_CPU


def sampling(checkpoint: Checkpoint, options: ExportOptions) -> Version:
    """Return how the checkpoint samples: as its version does, where the options do not say.

    Raises:
        ExportError: the version is not known, or cannot be sampled.
    """
    version = find_version(checkpoint, options.checkpoint_version)
    given: dict[str, Any] = {
        "num_inference_steps": options.num_inference_steps,
        "decode_timestep": options.decode_timestep,
        "decode_noise_scale": options.decode_noise_scale,
    }
    return replace(version, **{name: value for name, value in given.items() if value is not None})


def _measured_as_served(repository: Path) -> bool:
    """Tell whether the engines' memory was measured in the runtimes that CPU_RUNTIME says."""
    return all(
        CpuMemory.load(version_folder(repository, engine)).runtime == runtime_of(engine.name)
        for engine in ENGINES
    )


def pipeline_config(checkpoint: Checkpoint, options: ExportOptions) -> PipelineConfig:
    """Collect what the denoising loop needs to know about the checkpoint.

    Raises:
        ExportError: the version is not known, or its number of steps has no schedule.
    """
    version = sampling(checkpoint, options)
    sigmas = sigma_schedules(checkpoint, checkpoint.levels or version.levels)
    if version.num_inference_steps not in sigmas:
        raise ExportError(
            f"--num-inference-steps {version.num_inference_steps} has no schedule; expected one of "
            f"{', '.join(map(str, sigmas))}"
        )
    spatial, temporal = vae_decoder.vae_scale_factors(checkpoint)
    # The reference pads and truncates to this, ignoring the tokenizer's model_max_length.
    call = inspect.signature(LTXConditionPipeline.__call__)
    text_length = int(call.parameters["max_sequence_length"].default)
    trained_on = checkpoint.trained_on()
    return PipelineConfig(
        model_name=options.name or checkpoint.name,
        checkpoint_sha256=checkpoint.sha256(),
        precision=options.precision,
        latent_channels=checkpoint.config("vae").get("latent_channels", 128),
        caption_channels=checkpoint.config("transformer").get("caption_channels", 4096),
        spatial_compression=spatial,
        temporal_compression=temporal,
        text_length=text_length,
        text_buckets=tuple(bucket for bucket in TEXT_BUCKETS if bucket <= text_length),
        num_inference_steps=version.num_inference_steps,
        sigmas=sigmas,
        decode_timestep=version.decode_timestep,
        decode_noise_scale=version.decode_noise_scale,
        stochastic_sampling=version.stochastic_sampling or is_stochastic(checkpoint),
        guidance_scale=version.guidance_scale,
        known_words=trained_on.words,
        drawn_sides=trained_on.sides,
    )
