"""Publish plans with tokenizer and settings."""

import shutil
from contextlib import suppress
from pathlib import Path

from export.repository.staging import publish
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.engines.tensorrt.tensorrt_rtx import KERNEL_FILE
from ltx_triton.json_file import JsonFileError
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE, TOKENIZER_FILE, version_folder


def publish_plans(
    folders: dict[str, Path], source: Path, repository: Path, config: PipelineConfig
) -> None:
    """Move the staged plans into the repository, with the tokenizer and settings of `source`.

    ONNX engines of another checkpoint, which would not fit the settings, are removed, and so are
    kernels of earlier plans.

    Args:
        folders: from `staging`; a model without files there keeps what it has.
        source: the ONNX export, laid out like a model repository.
        repository: the model repository.
        config: the settings to write.
    """
    staged = folders[LTX_VIDEO.name]
    shutil.copyfile(version_folder(source, LTX_VIDEO) / TOKENIZER_FILE, staged / TOKENIZER_FILE)
    config.save(staged)
    former = _checkpoint(version_folder(repository, LTX_VIDEO))
    engines = () if former == config.checkpoint_sha256 else (f"{ENGINE_FILE}*",)
    publish(folders, stale=(KERNEL_FILE, *engines))


def _checkpoint(folder: Path) -> str | None:
    with suppress(FileNotFoundError, JsonFileError):
        return PipelineConfig.load(folder).checkpoint_sha256
    return None
