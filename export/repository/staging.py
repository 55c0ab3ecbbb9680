"""Stage an export, then publish it all at once."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ltx_triton.contract import LTX_VIDEO, MODELS
from ltx_triton.repository.assemble import assemble
from ltx_triton.repository.layout import PIPELINE_CONFIG_FILE

# Triton ignores subfolders whose names are not numbers.
_FOLDER = ".export"


@contextmanager
def staging(repository: Path) -> Iterator[dict[str, Path]]:
    """Create an empty folder for each model, on the repository's file system; remove them after.

    Yields:
        Model name -> folder.
    """
    folders = _folders(repository)
    remove_leftovers(repository)
    try:
        for folder in folders.values():
            folder.mkdir(parents=True)
        yield folders
    finally:
        remove_leftovers(repository)


def remove_leftovers(repository: Path) -> None:
    """Remove what a killed export has staged, which may be as large as the export."""
    for folder in _folders(repository).values():
        shutil.rmtree(folder, ignore_errors=True)


def publish(folders: dict[str, Path], stale: Sequence[str] = ()) -> None:
    """Move the staged files into each model's version folder; write its `model.py` and configs.

    The repository counts as exported when `pipeline.json` is there: the old one goes first and the
    new one comes last.

    Args:
        folders: from `staging`; a model without files there keeps what it has.
        stale: patterns of files in the repository that the new files invalidate.
    """
    settings = folders[LTX_VIDEO.name].parent / "1" / PIPELINE_CONFIG_FILE
    repository = settings.parents[2]
    settings.unlink(missing_ok=True)
    for file in [file for pattern in stale for file in sorted(repository.glob(pattern))]:
        file.unlink()
        print(f"{file} does not belong to this export: removed")
    for folder in folders.values():
        version = folder.parent / "1"
        version.mkdir(exist_ok=True)
        for file in sorted(folder.iterdir(), key=_order):
            if file.name != PIPELINE_CONFIG_FILE:
                file.replace(version / file.name)
    assemble(repository)
    (folders[LTX_VIDEO.name] / PIPELINE_CONFIG_FILE).replace(settings)


def _order(file: Path) -> tuple[bool, bool]:
    """Put the description of an engine last: the next export keeps an engine that it fits."""
    return file.suffix == ".json", not file.name.endswith(".memory.json")


def _folders(repository: Path) -> dict[str, Path]:
    return {model.name: repository / model.name / _FOLDER for model in MODELS}
