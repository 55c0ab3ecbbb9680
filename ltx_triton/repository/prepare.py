"""Prepare the model repository that is served, of what this package ships.

The demo checkpoint is served until another is exported, and replaced by that of another version of
the package. Python models and configs are those of the package, whatever was exported; so they are
in the repositories of models that were exported by their short names.
"""

import fcntl
import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path

from ltx_triton.contract import LTX_VIDEO
from ltx_triton.folders import SHIPPED
from ltx_triton.repository.layout import (
    DEMO_ENGINES,
    FINGERPRINT_FILE,
    MODELS_FOLDER,
    PIPELINE_CONFIG_FILE,
    SERVED_REPOSITORY,
    TEMPLATE_REPOSITORY,
    version_folder,
)

log = logging.getLogger(__name__)

# At the root of a repository, where Triton looks for folders only:
_NOTE = "prepared"  # what it was prepared of: the digests of models and demo checkpoint
_LOCK = "prepare.lock"


class PreparationError(RuntimeError):
    """The repository cannot be written; the message says where it is and why."""


def prepare(repository: Path) -> None:
    """Write what is missing or of another version, unless the repository is a folder of the user's.

    Raises:
        PreparationError: it cannot be written.
        FileNotFoundError, JsonFileError: the description of a plan is missing, or of another
            version.
    """
    try:
        if is_prepared(repository):
            return
        repository.mkdir(parents=True, exist_ok=True)
        with (repository / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_prepared(repository):  # another process has just prepared it
                _write(repository)
    except FileNotFoundError:
        raise  # of a plan's description, and says how to make it
    except OSError as error:
        raise PreparationError(
            f"cannot write the model repository {repository}: {error.strerror}. Run this once as a "
            "user who may; XDG_DATA_HOME chooses another place for what pip has installed."
        ) from error


def is_prepared(repository: Path) -> bool:
    """Return whether the next start has nothing to write there."""
    # An image has a repository, and not what it was made from.
    if not TEMPLATE_REPOSITORY.is_dir():
        return True
    is_exported = _settings(repository)[0].is_file()
    if repository == SERVED_REPOSITORY:
        return is_exported and _noted(repository) == _shipped()
    is_users = repository.parent != MODELS_FOLDER
    return is_users or not is_exported or _noted(repository) == _shipped()


def models_to_serve(repository: Path) -> Path:
    """Return where the models are that the next start serves, which may have to copy them first."""
    keeps_its_engines = is_prepared(repository) or _holds_export(repository)
    return repository if keeps_its_engines else DEMO_ENGINES


def _write(repository: Path) -> None:
    from ltx_triton.repository.assemble import assemble, copy_engines  # tens of milliseconds

    if _holds_export(repository):
        log.info("Updating the models of %s ...", repository)
    else:
        log.info("Preparing the demo checkpoint in %s ...", repository)
        copy_engines(DEMO_ENGINES, repository)
    assemble(repository, TEMPLATE_REPOSITORY)
    (repository / _NOTE).write_text(" ".join(_shipped()), encoding="utf-8")


def _holds_export(repository: Path) -> bool:
    """Return whether the repository holds anything but the demo checkpoint that it was given."""
    settings = _settings(repository)
    if not settings[0].is_file():
        return False
    found = _digest(settings)
    return found not in (_shipped()[1], *_noted(repository)[1:])


def _noted(repository: Path) -> tuple[str, ...]:
    note = repository / _NOTE
    return tuple(note.read_text(encoding="utf-8").split()) if note.is_file() else ()


def _shipped() -> tuple[str, str]:
    code = SHIPPED / "ltx_triton"
    models = [
        *TEMPLATE_REPOSITORY.rglob("*.py"),
        *TEMPLATE_REPOSITORY.rglob("*.pbtxt"),
        *(code / "repository").glob("*.py"),
        code / "contract.py",
    ]
    return _digest(models), _digest(_settings(DEMO_ENGINES))


def _settings(repository: Path) -> list[Path]:
    """Return `pipeline.json` and the fingerprint, which together identify an export."""
    folder = version_folder(repository, LTX_VIDEO)
    return [folder / PIPELINE_CONFIG_FILE, folder / FINGERPRINT_FILE]


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        if file.is_file():
            digest.update(f"{file.stat().st_size}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
