"""What a repository gets beside its plans: tokenizer, settings, the names of the profiles."""

import re
import shutil
from contextlib import suppress
from pathlib import Path

from export.repository.staging import publish
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline.config import (
    ENGINE_FILE,
    TOKENIZER_FILE,
    OtherVersionError,
    PipelineConfig,
    version_folder,
)

# The settings of Triton's own TensorRT backend; says which profiles of the plan it is to use.
_NATIVE_CONFIG = Path("configs") / "tensorrt.pbtxt"
_PROFILES = re.compile(r"profile: \[.*?\]")


def publish_plans(
    folders: dict[str, Path], source: Path, repository: Path, config: PipelineConfig
) -> None:
    """Move the staged plans into the repository, with the tokenizer and settings of `source`.

    ONNX engines of another checkpoint, which would not fit the settings, are removed.

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
    publish(folders, stale=() if former == config.checkpoint_sha256 else (f"{ENGINE_FILE}*",))


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
    with suppress(FileNotFoundError, OtherVersionError):
        return PipelineConfig.load(folder).checkpoint_sha256
    return None
