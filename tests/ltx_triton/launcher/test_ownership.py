import subprocess
import sys
from pathlib import Path

from ltx_triton.launcher.ownership import OwnedFolder, OwnerLock, has_dead_owner

HOLD = (
    "import sys; from pathlib import Path; from ltx_triton.launcher.ownership import {what}\n"
    "owned = {make}; print('ready', flush=True); sys.stdin.read()"
)


def hold(what: str, make: str) -> subprocess.Popen[str]:
    """Own something in another process, once it is owned."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(what=what, make=make)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_lock_is_held_until_its_owner_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    owner = hold("OwnerLock", f"OwnerLock(Path({str(path)!r}))")
    assert not has_dead_owner(path)

    owner.kill()
    owner.wait()

    assert has_dead_owner(path)


def test_a_lock_that_was_released_is_gone(tmp_path: Path) -> None:
    lock = OwnerLock(tmp_path / "lock")
    assert not has_dead_owner(tmp_path / "lock")
    lock.release()
    assert list(tmp_path.iterdir()) == []
    assert not has_dead_owner(tmp_path / "lock")


def test_folders_of_dead_owners_go_and_all_others_stay(tmp_path: Path) -> None:
    make = f"OwnedFolder('ltx_test_', {str(tmp_path)!r})"
    living, dead = hold("OwnedFolder", make), hold("OwnedFolder", make)
    (tmp_path / "ltx_test_foreign").mkdir()
    before = set(tmp_path.iterdir())
    dead.kill()
    dead.wait()

    own = OwnedFolder("ltx_test_", str(tmp_path))

    assert len(before) == 3
    assert len(before.intersection(tmp_path.iterdir())) == 2
    assert not has_dead_owner(own.path / "owner.lock")
    own.remove()
    assert not own.path.exists()
    living.kill()
    living.wait()
