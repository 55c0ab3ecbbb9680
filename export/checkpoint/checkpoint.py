"""A checkpoint, wherever its configs and weights are stored."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tqdm import tqdm

from export.checkpoint.header import Header
from export.checkpoint.trained_on import TrainedOn
from export.checkpoint.weights import Source

COMPONENTS = ("scheduler", "text_encoder", "tokenizer", "transformer", "vae")
_HASH_BLOCK = 1 << 22  # bytes


class Part(ABC):
    """Some components of a checkpoint, stored together."""

    @abstractmethod
    def place(self, component: str) -> Path:
        """Folder or file of a component, for messages."""

    @abstractmethod
    def config(self, component: str) -> dict[str, Any]:
        """Config of a component, as diffusers and transformers write it.

        Raises:
            ExportError: it cannot be read.
        """

    @abstractmethod
    def weights(self, component: str) -> dict[str, Source]:
        """Map the weights of a component, by their names in diffusers or transformers.

        Raises:
            ExportError: files are missing or damaged.
        """

    @abstractmethod
    def component_files(self, component: str) -> dict[str, Path]:
        """Files that determine a component, by a name that does not depend on their place."""

    def header(self, component: str) -> Header | None:  # noqa: ARG002
        """Header of a component's only file; None: it may have several, which are not read yet."""
        return None

    @property
    def levels(self) -> tuple[float, ...] | None:
        """Noise levels that the transformer takes; None: it does not say."""
        return None

    @property
    def has_default_version(self) -> bool:
        """Tell whether it has a version without saying one."""
        return True

    @property
    def remarks(self) -> tuple[str, ...]:
        """Texts of its own that may name a version."""
        return ()

    def trained_on(self) -> TrainedOn:
        """Return what it was trained on; anything, where it does not say."""
        return TrainedOn()


class Checkpoint(Part):
    """All components."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Name shown to users, unless it is given another one."""

    @property
    @abstractmethod
    def tokenizer(self) -> Path:
        """Folder of the tokenizer's files."""

    def files(self) -> Mapping[str, Path]:
        """Return every file that determines the export, by a name independent of its place."""
        files: dict[str, Path] = {}
        for component in COMPONENTS:
            files |= self.component_files(component)
        return files

    def sha256(self) -> str:
        """Hash every file with its name, in the order of the names.

        Returns:
            64 hexadecimal digits.
        """
        files = self.files()
        digest = hashlib.sha256()
        total = sum(file.stat().st_size for file in files.values())
        with tqdm(total=total, unit="B", unit_scale=True, desc="hashing checkpoint") as bar:
            for name in sorted(files, key=PurePosixPath):
                digest.update(f"{name}:{files[name].stat().st_size}\n".encode())
                with files[name].open("rb") as stream:
                    while block := stream.read(_HASH_BLOCK):
                        digest.update(block)
                        bar.update(len(block))
        return digest.hexdigest()
