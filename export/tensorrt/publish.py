"""Publish plans with tokenizer and settings."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from export.repository.staging import publish
from ltx_triton.contract import ENGINES, LTX_VIDEO, ModelContract
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.tensorrt.tensorrt_rtx import KERNEL_FILE
from ltx_triton.json_file import JsonFileError
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE, PLAN_FILE, TOKENIZER_FILE, version_folder


def publish_plans(
    folders: dict[str, Path],
    source: Path,
    repository: Path,
    config: PipelineConfig,
    on_cpu: Sequence[ModelContract],
) -> None:
    """Move the staged engines into the repository, with the tokenizer and settings of `source`.

    Plans of engines that are now on the CPU are removed, and so are kernels of earlier plans and
    ONNX engines of another checkpoint, which would not fit the settings.

    Args:
        folders: from `staging`; a model without files there keeps what it has.
        source: the ONNX export, laid out like a model repository.
        repository: the model repository.
        config: the settings to write.
        on_cpu: engines without a plan.
    """
    staged = folders[LTX_VIDEO.name]
    shutil.copyfile(version_folder(source, LTX_VIDEO) / TOKENIZER_FILE, staged / TOKENIZER_FILE)
    config.save(staged)
    former = _checkpoint(version_folder(repository, LTX_VIDEO))
    stale_onnx = CpuEngineInfo.FILE if former == config.checkpoint_sha256 else f"{ENGINE_FILE}*"
    stale = []
    for model in ENGINES:
        if model in on_cpu:
            patterns = [f"{PLAN_FILE}*"]
        elif (folders[model.name] / PLAN_FILE).is_file():
            patterns = [stale_onnx, KERNEL_FILE]
        else:
            patterns = [stale_onnx]
        stale += [f"{model.name}/1/{pattern}" for pattern in patterns]
    publish(folders, stale)


def _checkpoint(folder: Path) -> str | None:
    with suppress(FileNotFoundError, JsonFileError):
        return PipelineConfig.load(folder).checkpoint_sha256
    return None
