"""Whether a folder holds just what an export would write into it."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from ltx_triton.contract import ENGINES, LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE, PIPELINE_CONFIG_FILE, version_folder

FINGERPRINT_FILE = "export.sha256"
_VERIFIED = " verified"
_TRACERS = ("diffusers", "onnx-ir", "onnxscript", "torch", "transformers")


def fingerprint(config: PipelineConfig) -> str:
    """Hash what decides over the files of an export: checkpoint, settings, this code, libraries."""
    digest = hashlib.sha256(config.model_dump_json().encode())
    code = Path(__file__).parents[1]
    for file in sorted(code.rglob("*.py")):
        digest.update(f"{file.relative_to(code)}\n".encode() + file.read_bytes())
    for package in _TRACERS:
        digest.update(f"{package} {version(package)}\n".encode())
    return digest.hexdigest()


def write_fingerprint(folder: Path, config: PipelineConfig, *, verified: bool) -> None:
    """Write into `folder` what `is_current` will look for."""
    text = fingerprint(config) + (_VERIFIED if verified else "")
    (folder / FINGERPRINT_FILE).write_text(text, encoding="utf-8")


def is_current(repository: Path, config: PipelineConfig, *, verified: bool) -> bool:
    """Whether `repository` holds the export that `config` describes, verified if it has to be."""
    folder = version_folder(repository, LTX_VIDEO)
    files = [folder / FINGERPRINT_FILE, folder / PIPELINE_CONFIG_FILE]
    files += [version_folder(repository, model) / ENGINE_FILE for model in ENGINES]
    if not all(file.is_file() for file in files):
        return False
    found, wanted = files[0].read_text(encoding="utf-8"), fingerprint(config)
    return (
        found == wanted + _VERIFIED or (not verified and found == wanted)
    ) and PipelineConfig.load(folder) == config
