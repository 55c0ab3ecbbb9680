"""Skip exports that are up to date."""

import ast
import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from ltx_triton.contract import ENGINES, LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import (
    ENGINE_FILE,
    FINGERPRINT_FILE,
    PIPELINE_CONFIG_FILE,
    version_folder,
)

_VERIFIED = " verified"
_ROOT = Path(__file__).parents[2]
# Modules that make graphs and weights; neither the command line nor the verification.
_CODE = (
    "export/checkpoint",
    "export/fp8",
    "export/fp8/prompts.txt",
    "export/graphs",
    "export/int8",
    "export/linears.py",
    "export/onnx",
    "export/precision.py",
    "ltx_triton/contract.py",
)
_TRACERS = ("diffusers", "onnx-ir", "onnxscript", "torch", "transformers")


def fingerprint(config: PipelineConfig, root: Path = _ROOT) -> str:
    """Hash whatever determines the files of an export: checkpoint, settings, code, libraries."""
    digest = hashlib.sha256(config.model_dump_json().encode())
    for path in _CODE:
        for file in sorted([root / path, *(root / path).rglob("*.py")]):
            if file.is_file():
                digest.update(f"{file.relative_to(root)}\n{_meaning(file)}\n".encode())
    for package in _TRACERS:
        digest.update(f"{package} {version(package)}\n".encode())
    return digest.hexdigest()


def _meaning(file: Path) -> str:
    """Return the code without comments and docstrings."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        return text
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            del node.body[0]
    return ast.dump(tree)


def write_fingerprint(folder: Path, config: PipelineConfig, *, verified: bool) -> None:
    """Write the file that `is_current` reads."""
    text = fingerprint(config) + (_VERIFIED if verified else "")
    (folder / FINGERPRINT_FILE).write_text(text, encoding="utf-8")


def is_current(
    repository: Path, config: PipelineConfig, beside: Sequence[str] = (), *, verified: bool
) -> bool:
    """Check that `repository` holds the export described by `config`, verified if required.

    Args:
        repository: to check.
        config: of the export.
        beside: names of files that each engine needs beside it.
        verified: whether the export has to be.
    """
    folder = version_folder(repository, LTX_VIDEO)
    files = [folder / FINGERPRINT_FILE, folder / PIPELINE_CONFIG_FILE]
    engines = [version_folder(repository, model) for model in ENGINES]
    files += [engine / name for engine in engines for name in (ENGINE_FILE, *beside)]
    if not all(file.is_file() for file in files):
        return False
    found, wanted = files[0].read_text(encoding="utf-8"), fingerprint(config)
    return (
        found == wanted + _VERIFIED or (not verified and found == wanted)
    ) and PipelineConfig.load(folder) == config
