"""Tell what a living process owns from what a dead one has left behind."""

import fcntl
import shutil
import tempfile
from pathlib import Path

_LOCK = "owner.lock"


class OwnerLock:
    """A lock on a file, held until it is released or this process has ended, however it ends.

    Unlike a process id it means the same in every container that shares the file system.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        new = path.with_name(f"{path.name}.new")
        self._file = new.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        new.rename(path)  # nobody sees it without its lock

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        self._file.close()


def has_dead_owner(lock: Path) -> bool:
    """Return whether the process that held the lock has ended."""
    try:
        file = lock.open()
    except OSError:  # released meanwhile, or another user's
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def remove_abandoned(prefix: str, parent: str) -> None:
    """Remove the owned folders that killed processes have left."""
    for folder in Path(parent).glob(f"{prefix}*"):
        if has_dead_owner(folder / _LOCK):
            shutil.rmtree(folder, ignore_errors=True)


class OwnedFolder:
    """A temporary folder, and the end of those that killed processes have left beside it."""

    def __init__(self, prefix: str, parent: str | None = None) -> None:
        parent = parent or tempfile.gettempdir()
        remove_abandoned(prefix, parent)
        self._folder = tempfile.TemporaryDirectory(prefix=prefix, dir=parent)
        self.path = Path(self._folder.name)
        self._lock = OwnerLock(self.path / _LOCK)

    def remove(self) -> None:
        self._lock.release()
        self._folder.cleanup()
