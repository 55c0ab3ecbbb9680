"""New plans wait beside the model repository's files until all of them are complete."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ltx_triton.contract import ENGINES, LTX_VIDEO, MODELS
from ltx_triton.pipeline_config import (
    ENGINE_FILE,
    PIPELINE_CONFIG_FILE,
    TOKENIZER_FILE,
    PipelineConfig,
    version_folder,
)
from ltx_triton.plan_info import PLAN_FILE, PLAN_INFO_FILE

# Triton leaves sub-folders alone whose names are not numbers.
_FOLDER = ".export"
# The settings of Triton's own TensorRT backend; says which profiles of the plan it is to use.
_NATIVE_CONFIG = Path("configs") / "tensorrt.pbtxt"
_PROFILES = re.compile(r"profile: \[.*?\]")


@contextmanager
def staging(repository: Path) -> Iterator[dict[str, Path]]:
    """Give each model an empty folder on the repository's file system; remove them at the end.

    Yields:
        Model name -> folder.
    """
    folders = {model.name: repository / model.name / _FOLDER for model in MODELS}
    try:
        for folder in folders.values():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        yield folders
    finally:
        for folder in folders.values():
            shutil.rmtree(folder, ignore_errors=True)


def publish(
    folders: dict[str, Path], source: Path, repository: Path, config: PipelineConfig
) -> None:
    """Move the staged plans into the repository, with the tokenizer and settings of `source`.

    The repository counts as exported when `pipeline.json` is there: the old one goes first and the
    new one comes last. ONNX engines of another checkpoint, which would not fit it, are removed.

    Args:
        folders: from `staging`; a model without files there keeps what it has.
        source: the ONNX export, laid out like a model repository.
        repository: the model repository.
        config: the settings to write.
    """
    target = version_folder(repository, LTX_VIDEO)
    target.mkdir(parents=True, exist_ok=True)
    former = _checkpoint(target)
    (target / PIPELINE_CONFIG_FILE).unlink(missing_ok=True)
    for model in ENGINES:
        folder = version_folder(repository, model)
        folder.mkdir(parents=True, exist_ok=True)
        if former != config.checkpoint_sha256:
            _remove_onnx(folder)
        for file in (PLAN_FILE, PLAN_INFO_FILE):
            if (folders[model.name] / file).exists():
                (folders[model.name] / file).replace(folder / file)
    staged = folders[LTX_VIDEO.name]
    shutil.copyfile(version_folder(source, LTX_VIDEO) / TOKENIZER_FILE, staged / TOKENIZER_FILE)
    (staged / TOKENIZER_FILE).replace(target / TOKENIZER_FILE)
    config.save(staged)
    (staged / PIPELINE_CONFIG_FILE).replace(target / PIPELINE_CONFIG_FILE)


def name_profiles(repository: Path, counts: dict[str, int]) -> None:
    """Name all profiles of each plan in `configs/tensorrt.pbtxt`, where the repository has it.

    Triton's TensorRT backend takes only the first profile if none is named, and does not load a
    plan that lacks one that is.
    """
    for model, count in counts.items():
        file = repository / model / _NATIVE_CONFIG
        if not file.is_file():
            continue
        old = file.read_text(encoding="utf-8")
        names = ", ".join(f'"{index}"' for index in range(count))
        new = _PROFILES.sub(f"profile: [{names}]", old)
        if new != old:
            file.write_text(new, encoding="utf-8")
            print(f"{file} names the profiles {names} now")


def _checkpoint(folder: Path) -> str | None:
    with suppress(FileNotFoundError, ValueError, TypeError, KeyError):
        return PipelineConfig.load(folder).checkpoint_sha256
    return None


def _remove_onnx(folder: Path) -> None:
    for file in folder.glob(f"{ENGINE_FILE}*"):
        file.unlink()
        print(f"{file} was of another checkpoint: removed")
