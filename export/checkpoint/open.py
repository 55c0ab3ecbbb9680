"""Open a checkpoint, wherever it is."""

from pathlib import Path

from huggingface_hub import snapshot_download

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.folder import COMPONENTS, FolderCheckpoint, require_layout
from export.checkpoint.trained_on import TrainedOn
from export.errors import ExportError

_SETTINGS = [
    "model_index.json",
    TrainedOn.FILE,
    "tokenizer/spiece.model",
    *(f"{name}/*.json" for name in COMPONENTS),
]
_WEIGHTS = [f"{name}/*.safetensors" for name in COMPONENTS]


def download_bytes(model: str, cache_dir: Path | None) -> int:
    """Return the size of what `open_checkpoint` would download: 0 for a folder or in a cache.

    It is 0 as well if the hub cannot be reached; `open_checkpoint` reports that.
    """
    if Path(model).is_dir():
        return 0
    try:
        files = snapshot_download(
            model, cache_dir=cache_dir, allow_patterns=[*_SETTINGS, *_WEIGHTS], dry_run=True
        )
    except (OSError, ValueError):  # the hub's errors all derive from these
        return 0
    return sum(file.file_size or 0 for file in files if file.will_download)


def open_checkpoint(model: str, cache_dir: Path | None, *, weights: bool = True) -> Checkpoint:
    """Open a local checkpoint folder, or download one from the Hugging Face hub.

    Args:
        model: folder, or hub id such as `Lightricks/LTX-Video-0.9.7-distilled`.
        cache_dir: where downloads are kept; None: the hub's own default.
        weights: whether they are downloaded, or only the small files.

    Raises:
        ExportError: the checkpoint does not exist or is not laid out like LTX-Video 0.9.7.
    """
    if Path(model).is_dir():
        checkpoint = FolderCheckpoint(Path(model))
    else:
        patterns = [*_SETTINGS, *_WEIGHTS] if weights else _SETTINGS
        checkpoint = FolderCheckpoint(_download(model, cache_dir, patterns), model)
    require_layout(checkpoint)
    return checkpoint


def _download(model: str, cache_dir: Path | None, patterns: list[str]) -> Path:
    try:
        return Path(snapshot_download(model, cache_dir=cache_dir, allow_patterns=patterns))
    except (OSError, ValueError) as error:  # the hub's errors all derive from these
        reason = " ".join(str(error).split())
        raise ExportError(
            f"{model} is no local folder and could not be downloaded from the Hugging Face hub: "
            f"{reason}"
        ) from error
