"""Describe the model that a repository serves on this machine."""

from pathlib import Path

import psutil

from ltx_triton.contract import LTX_VIDEO, TRANSFORMER
from ltx_triton.engines.cpu_precision import describe_cpu_precision
from ltx_triton.engines.device import select_devices
from ltx_triton.engines.machine_memory import read_memory_use
from ltx_triton.engines.versions import library_versions
from ltx_triton.memory_budget import MemoryBudget
from ltx_triton.model_info import EngineLimits, ModelInfo
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import FINGERPRINT_FILE, version_folder
from ltx_triton.video_spec import VideoSpec


def describe_model(
    repository: Path,
    config: PipelineConfig,
    server: psutil.Process,
    budget: MemoryBudget,
    usual: VideoSpec,
) -> ModelInfo:
    """Describe what the engines are, and where they run.

    Args:
        repository: the model repository.
        config: of its checkpoint.
        server: Triton's process; what it holds counts as free memory.
        budget: the one that videos are admitted by.
        usual: a video for which the text encoder is unloaded if memory is short.

    Raises:
        RuntimeError: MODEL_DEVICE asks for a device that is not there.
    """
    devices = select_devices(repository)
    device = devices[version_folder(repository, TRANSFORMER)]
    on_cpu = device.kind == "cpu"
    info = ModelInfo(
        model_name=config.model_name,
        checkpoint_sha256=config.checkpoint_sha256,
        device=device.kind,
        device_name=device.name,
        precision=describe_cpu_precision(config.precision) if on_cpu else config.precision,
        limits=EngineLimits.of(config),
        memory=read_memory_use(devices, server),
        export_sha256=_fingerprint(version_folder(repository, LTX_VIDEO)),
        versions=library_versions(),
        drawn_sides=config.drawn_sides,
    )
    return budget.unload_where_short(info, usual)


def _fingerprint(folder: Path) -> str | None:
    file = folder / FINGERPRINT_FILE
    return file.read_text(encoding="utf-8").split()[0] if file.is_file() else None
