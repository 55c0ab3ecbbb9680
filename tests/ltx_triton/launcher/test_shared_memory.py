import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ltx_triton.launcher.shared_memory import SharedMemory

FOLDER = Path("/dev/shm")  # noqa: S108


@pytest.fixture
def region() -> Iterator[Path]:
    path = FOLDER / f"ltx_triton_{2**22 + 1}_x"  # above the largest pid of Linux
    path.touch()
    yield path
    path.unlink(missing_ok=True)


def test_removes_the_regions_of_its_own_server_only(region: Path) -> None:
    memory = SharedMemory()
    own = FOLDER / f"{memory.prefix}region"
    own.touch()

    memory.remove()

    assert not own.exists()
    assert region.exists()


def test_removes_the_regions_of_a_launcher_that_no_longer_runs(region: Path) -> None:
    living = FOLDER / f"ltx_triton_{os.getppid()}_x"
    living.touch()
    try:
        SharedMemory.remove_stale()

        assert not region.exists()
        assert living.exists()
    finally:
        living.unlink()
