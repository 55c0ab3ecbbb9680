"""New files wait beside the model repository's own until all of them are complete."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from export.fp8.record import RECORD_FILE
from export.weights import DATA_FILE
from ltx_triton.contract import LTX_VIDEO, MODELS
from ltx_triton.pipeline_config import ENGINE_FILE, PIPELINE_CONFIG_FILE, TOKENIZER_FILE

# Triton leaves sub-folders alone whose names are not numbers.
_FOLDER = ".export"


@contextmanager
def staging(repository: Path) -> Iterator[dict[str, Path]]:
    """Give each model an empty folder on the repository's file system; remove them at the end.

    Leftovers of an export that was killed are removed first.

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


def publish(folders: dict[str, Path]) -> None:
    """Move the staged files into each model's version folder.

    The repository counts as exported when `pipeline.json` is there: the old one goes first and the
    new one comes last.
    """
    settings = folders[LTX_VIDEO.name].parent / "1" / PIPELINE_CONFIG_FILE
    settings.unlink(missing_ok=True)
    for folder in folders.values():
        version = folder.parent / "1"
        version.mkdir(exist_ok=True)
        for file in (DATA_FILE, ENGINE_FILE, RECORD_FILE, TOKENIZER_FILE):
            if (folder / file).exists():
                (folder / file).replace(version / file)
    (folders[LTX_VIDEO.name] / PIPELINE_CONFIG_FILE).replace(settings)
