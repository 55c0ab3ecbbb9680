"""Files of the Hugging Face hub, and what of them is not on this machine yet."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from httpx2 import HTTPError
from huggingface_hub import DryRunFileInfo, hf_hub_download, snapshot_download
from huggingface_hub.errors import SafetensorsParsingError

from export.checkpoint.header import Header, fetch_header, read_header
from export.errors import ExportError

# The hub's own errors derive from the first two; a broken connection is an error of its client.
_ERRORS = (OSError, ValueError, HTTPError)


@dataclass(frozen=True)
class HubFolder:
    """Files of a repository whose names fit one of the patterns."""

    repo: str
    settings: tuple[str, ...]  # patterns of small files
    weights: tuple[str, ...]  # patterns of large ones
    cache_dir: Path | None  # None: the hub's own default

    def missing_bytes(self) -> int:
        """Size of what `download` would fetch; 0 if the hub cannot be reached."""
        patterns = [*self.settings, *self.weights]
        return _missing_bytes(
            lambda: snapshot_download(
                self.repo, cache_dir=self.cache_dir, allow_patterns=patterns, dry_run=True
            )
        )

    def download(self, *, weights: bool) -> Path:
        """Return the local folder, with the large files or without.

        Raises:
            ExportError: the hub cannot be reached, or has no such repository.
        """
        patterns = [*self.settings, *(self.weights if weights else ())]
        with _reported(self.repo):
            return Path(
                snapshot_download(self.repo, cache_dir=self.cache_dir, allow_patterns=patterns)
            )


@dataclass(frozen=True)
class HubFile:
    """A safetensors file of a repository."""

    repo: str
    name: str
    cache_dir: Path | None  # None: the hub's own default

    def missing_bytes(self) -> int:
        """Size of the file unless it is on this machine; 0 if the hub cannot be reached."""
        return _missing_bytes(lambda: [self._ask()])

    def open(self, *, weights: bool) -> tuple[Path, Header]:
        """Return the file's place on this machine and its header; download it for its weights.

        Raises:
            ExportError: the hub cannot be reached, or has no such safetensors file.
        """
        with _reported(f"{self.repo}/{self.name}"):
            found = self._ask()
            place = Path(found.local_path)
            if found.will_download and not weights:
                return place, fetch_header(self.repo, self.name)
            if found.will_download:
                place = Path(hf_hub_download(self.repo, self.name, cache_dir=self.cache_dir))
        return place, read_header(place)

    def _ask(self) -> DryRunFileInfo:
        return hf_hub_download(self.repo, self.name, cache_dir=self.cache_dir, dry_run=True)


def _missing_bytes(ask: Callable[[], list[DryRunFileInfo]]) -> int:
    try:
        files = ask()
    except _ERRORS:
        return 0
    return sum(file.file_size or 0 for file in files if file.will_download)


@contextmanager
def _reported(what: str) -> Iterator[None]:
    try:
        yield
    except (*_ERRORS, SafetensorsParsingError) as error:
        reason = " ".join(str(error).split())
        raise ExportError(
            f"{what} is no local file or folder and could not be downloaded from the Hugging Face "
            f"hub: {reason}"
        ) from error
