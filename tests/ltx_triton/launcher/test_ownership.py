import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ltx_triton.launcher.ownership import OwnedFolder, OwnerLock, has_dead_owner

HOLD = (
    "import sys; from pathlib import Path; from ltx_triton.launcher.ownership import {what}\n"
    "owned = {make}; print('ready', flush=True); sys.stdin.read()"
)


@contextmanager
def hold(what: str, make: str) -> Iterator[subprocess.Popen[str]]:
    """Own something in another process, once it is owned."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD.format(what=what, make=make)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_a_lock_is_held_until_its_owner_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with hold("OwnerLock", f"OwnerLock(Path({str(path)!r}))"):
        assert not has_dead_owner(path)

    assert has_dead_owner(path)


def test_a_lock_that_was_released_is_gone(tmp_path: Path) -> None:
    lock = OwnerLock(tmp_path / "lock")
    assert not has_dead_owner(tmp_path / "lock")
    lock.release()
    assert list(tmp_path.iterdir()) == []
    assert not has_dead_owner(tmp_path / "lock")


def test_folders_of_dead_owners_go_and_all_others_stay(tmp_path: Path) -> None:
    make = f"OwnedFolder('ltx_test_', {str(tmp_path)!r})"
    (tmp_path / "ltx_test_foreign").mkdir()
    with hold("OwnedFolder", make):
        with hold("OwnedFolder", make):
            before = set(tmp_path.iterdir())
        assert len(before) == 3

        own = OwnedFolder("ltx_test_", str(tmp_path))

        assert len(before.intersection(tmp_path.iterdir())) == 2
        assert not has_dead_owner(own.path / "owner.lock")
        own.remove()
        assert not own.path.exists()
