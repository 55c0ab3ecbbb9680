"""Open a checkpoint, wherever its parts are."""

from dataclasses import dataclass
from pathlib import Path

from export.checkpoint.assembled import AssembledCheckpoint
from export.checkpoint.checkpoint import COMPONENTS, Checkpoint, Part
from export.checkpoint.fit import require_fit
from export.checkpoint.folder import (
    INDEX,
    FolderCheckpoint,
    folder_name,
    has_tokenizer,
    require_layout,
    require_parts,
)
from export.checkpoint.header import read_header
from export.checkpoint.hub import HubFile, HubFolder
from export.checkpoint.single_file import SingleFile
from export.checkpoint.t5_file import T5File
from export.checkpoint.trained_on import TrainedOn
from export.errors import ExportError

# The encoder that the reference names, in half the bytes, and its tokenizer.
TEXT_ENCODER = "comfyanonymous/flux_text_encoders/t5xxl_fp16.safetensors"
TOKENIZER = "PixArt-alpha/PixArt-XL-2-1024-MS"
_SUFFIXES = (".safetensors", ".gguf")

Place = Path | HubFile | HubFolder


@dataclass(frozen=True)
class Sources:
    """Name the sources of a checkpoint's parts.

    Each is a folder in diffusers' format, a hub id, a `.safetensors` file, or
    `owner/repo/file.safetensors` on the hub.
    """

    model: str
    text_encoder: str | None = None  # None: the model's own; for a single file, TEXT_ENCODER
    tokenizer: str | None = None  # None: the text encoder's, else the model's, else TOKENIZER
    cache_dir: Path | None = None  # of downloads; None: the hub's own default

    def missing_bytes(self) -> dict[str, int]:
        """Return the bytes that `open` would download, by source.

        Leaves out sources whose size the hub does not give; `open` reports them.
        """
        missing = {}
        for source, components in self._components().items():
            place = _locate(source, components, self.cache_dir)
            if not isinstance(place, Path) and (size := place.missing_bytes()):
                missing[source] = size
        return missing

    def open(self, *, weights: bool = True) -> Checkpoint:
        """Open the checkpoint; download missing files first.

        Args:
            weights: whether they are downloaded, or only small files and headers.

        Raises:
            ExportError: a part does not exist, is not laid out like LTX-Video 0.9.5 to 0.9.8, or
                does not go with the others.
        """
        parts: dict[str, Part] = {}
        for source, components in self._components().items():
            part = self._open(source, components, weights=weights)
            parts |= dict.fromkeys(components, part)
        checkpoint = parts["transformer"]
        if not isinstance(checkpoint, FolderCheckpoint) or len(set(map(id, parts.values()))) > 1:
            checkpoint = AssembledCheckpoint(_name(self.model), parts)
        require_fit(checkpoint)
        return checkpoint

    def _components(self) -> dict[str, list[str]]:
        """Return the components that each source gives."""
        text_encoder = self.text_encoder or (TEXT_ENCODER if _is_file(self.model) else self.model)
        tokenizer = self.tokenizer
        if tokenizer is None and _may_have_tokenizer(text_encoder):
            tokenizer = text_encoder
        if tokenizer is None:
            tokenizer = TOKENIZER if _is_file(self.model) else self.model
        own = {"text_encoder": text_encoder, "tokenizer": tokenizer}
        sources: dict[str, list[str]] = {}
        for component in COMPONENTS:
            sources.setdefault(own.get(component, self.model), []).append(component)
        return sources

    def _open(self, source: str, components: list[str], *, weights: bool) -> Part:
        place = _locate(source, components, self.cache_dir)
        if isinstance(place, HubFolder):
            folder = FolderCheckpoint(place.download(weights=weights), source)
        elif isinstance(place, HubFile) or place.is_file():
            return _open_file(place, weights=weights, is_model="transformer" in components)
        else:
            folder = FolderCheckpoint(place)
        if "transformer" in components:
            require_layout(folder, components)
        else:
            require_parts(folder, components)
        return folder


def open_checkpoint(model: str, cache_dir: Path | None) -> Checkpoint:
    """Open a checkpoint without other sources for its parts."""
    return Sources(model, cache_dir=cache_dir).open()


def _open_file(place: Path | HubFile, *, weights: bool, is_model: bool) -> Part:
    if isinstance(place, HubFile):
        file, header = place.open(weights=weights)
    else:
        file, header = place, read_header(place)
    part = SingleFile(file, header) if is_model else T5File(file, header)
    part.require_layout()
    return part


def _locate(source: str, components: list[str], cache_dir: Path | None) -> Place:
    if source.endswith(".gguf"):
        raise ExportError(f"{source}: GGUF cannot be read: take a .safetensors file")
    if Path(source).is_file() and not _is_file(source):
        raise ExportError(f"{source} is neither a folder nor a .safetensors file")
    if _is_file(source) and components == ["tokenizer"]:
        raise ExportError(f"{source} holds no tokenizer: take a folder or hub id with tokenizer/")
    if Path(source).exists():
        return Path(source)
    owner, repo, file = [*source.split("/", 2), "", ""][:3]
    if _is_file(source):
        if not (owner and repo and file):
            raise ExportError(
                f"{source} is no file on this machine, nor owner/repo/file.safetensors on the hub"
            )
        return HubFile(f"{owner}/{repo}", file, cache_dir)
    settings = [f"{name}/*.json" for name in components]
    if "tokenizer" in components:
        settings.append("tokenizer/spiece.model")
    if "transformer" in components:
        settings += [INDEX, TrainedOn.FILE]
    weights = tuple(f"{name}/*.safetensors" for name in components)
    return HubFolder(source, tuple(settings), weights, cache_dir)


def _is_file(source: str) -> bool:
    return source.endswith(_SUFFIXES) and not Path(source).is_dir()


def _may_have_tokenizer(source: str) -> bool:
    folder = Path(source)
    return not _is_file(source) and (not folder.is_dir() or has_tokenizer(folder))


def _name(model: str) -> str:
    path = Path(model)
    if path.is_file():
        return path.stem
    return folder_name(path) if path.is_dir() else model.removesuffix(".safetensors")
