"""Find a diffusers checkpoint folder, check its layout and read its configs."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.checkpoint.checkpoint import COMPONENTS, Checkpoint
from export.checkpoint.trained_on import TrainedOn
from export.checkpoint.weights import Source, weight_files
from export.errors import ExportError

CLASSES = {
    "scheduler": "FlowMatchEulerDiscreteScheduler",
    "text_encoder": "T5EncoderModel",
    "tokenizer": "T5Tokenizer",
    "transformer": "LTXVideoTransformer3DModel",
    "vae": "AutoencoderKLLTXVideo",
}
CONFIG_FILES = {
    "scheduler": "scheduler_config.json",
    "text_encoder": "config.json",
    "tokenizer": "tokenizer_config.json",
    "transformer": "config.json",
    "vae": "config.json",
}
INDEX = "model_index.json"
TOKENIZER_FILES = ("tokenizer.json", "spiece.model")


@dataclass(frozen=True)
class FolderCheckpoint(Checkpoint):
    """A folder in diffusers' format, whose layout has been checked by `open_checkpoint`."""

    folder: Path
    hub_id: str | None = None  # where it was downloaded from

    @property
    def name(self) -> str:
        return self.hub_id or folder_name(self.folder)

    @property
    def tokenizer(self) -> Path:
        return self.folder / "tokenizer"

    def place(self, component: str) -> Path:
        return self.folder / component

    def config(self, component: str) -> dict[str, Any]:
        return _read_json(self.folder / component / CONFIG_FILES[component])

    def weights(self, component: str) -> dict[str, Source]:
        files = weight_files(self.folder / component)
        return {name: Source(file, name) for name, file in files.items()}

    def component_files(self, component: str) -> dict[str, Path]:
        folder = self.folder / component
        files = [
            file
            for pattern in ("*.json", "*.safetensors", "*.model")
            for file in folder.glob(pattern)
        ]
        return {f"{component}/{file.name}": file for file in files}

    def files(self) -> dict[str, Path]:
        return {INDEX: self.folder / INDEX, **super().files()}

    def trained_on(self) -> TrainedOn:
        """Read what it was trained on; anything, where it does not say.

        Raises:
            JsonFileError: the file is damaged.
        """
        is_said = (self.folder / TrainedOn.FILE).is_file()
        return TrainedOn.load(self.folder) if is_said else TrainedOn()


def folder_name(folder: Path) -> str:
    """Return a folder's name, or of a snapshot in the hub's cache its hub id."""
    path = folder.resolve()
    repository = path.parents[1].name if len(path.parents) > 1 else ""
    if path.parent.name == "snapshots" and repository.startswith("models--"):
        return repository.removeprefix("models--").replace("--", "/")
    return path.name


def require_layout(checkpoint: FolderCheckpoint, components: Collection[str] = COMPONENTS) -> None:
    """Raise ExportError unless the components are there, and laid out as from 0.9.5 on."""
    _check_index(checkpoint, components)
    require_parts(checkpoint, components)
    _check_configs(checkpoint)


def require_parts(checkpoint: FolderCheckpoint, components: Collection[str]) -> None:
    """Raise ExportError unless the components' configs are there, and the tokenizer's words."""
    folder = checkpoint.folder
    for component in components:
        config_file = folder / component / CONFIG_FILES[component]
        if not config_file.is_file():
            raise ExportError(f"{folder} is incomplete: {component}/{config_file.name} is missing")
    if "tokenizer" in components and not has_tokenizer(folder):
        raise ExportError(f"{folder}/tokenizer has neither {' nor '.join(TOKENIZER_FILES)}")


def has_tokenizer(folder: Path) -> bool:
    """Tell whether a folder has a tokenizer: without either file, transformers makes up one."""
    return any((folder / "tokenizer" / name).is_file() for name in TOKENIZER_FILES)


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ExportError(f"{file} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise ExportError(f"{file} holds no JSON object")
    return content


def _check_index(checkpoint: FolderCheckpoint, components: Collection[str]) -> None:
    folder = checkpoint.folder
    index_file = folder / INDEX
    if not index_file.is_file():
        raise ExportError(
            f"{folder} has no model_index.json: expected a checkpoint in diffusers' folder format"
        )
    index = _read_json(index_file)
    for component in components:
        expected = CLASSES[component]
        found = index.get(component, [None, None])[1]
        if found is None or found.removesuffix("Fast") != expected:
            raise ExportError(f"{index_file}: {component} is {found}, expected {expected}")


def _check_configs(checkpoint: FolderCheckpoint) -> None:
    transformer = checkpoint.config("transformer")
    vae = checkpoint.config("vae")
    where = checkpoint.place("vae") / CONFIG_FILES["vae"]
    if not vae.get("timestep_conditioning"):
        raise ExportError(
            f"{where}: timestep_conditioning is not true, as in LTX-Video 0.9.0: take 0.9.5 or "
            "later"
        )
    if any(vae.get("decoder_inject_noise", ())):
        raise ExportError(
            f"{where}: decoder_inject_noise has a true entry, as in LTX-Video 0.9.1: take 0.9.5 or "
            "later"
        )
    for key in ("patch_size", "patch_size_t"):
        if transformer.get(key, 1) != 1:
            raise ExportError(f"transformer/config.json: {key} is {transformer[key]}, expected 1")
