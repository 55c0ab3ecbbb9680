import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ltx_triton.launcher.shared_memory import SharedMemory

FOLDER = Path("/dev/shm")  # noqa: S108
OWN = (
    "import os, sys; from ltx_triton.launcher.shared_memory import SharedMemory\n"
    "memory = SharedMemory(); print(memory.prefix, flush=True); sys.stdin.read(); os._exit(1)"
)
UNSHARE = ["unshare", "--pid", "--fork"]


@pytest.fixture(params=[[], UNSHARE], ids=["beside", "in another container"])
def other(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A launcher in another process, which ends with its input."""
    if subprocess.run([*request.param, "true"], check=False).returncode != 0:
        pytest.skip("may not make a namespace of processes")
    with subprocess.Popen(
        [*request.param, sys.executable, "-c", OWN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.communicate()


@pytest.fixture
def region(other: subprocess.Popen[str]) -> Iterator[Path]:
    assert other.stdout
    path = FOLDER / f"{other.stdout.readline().strip()}region"
    path.touch()
    yield path
    path.unlink(missing_ok=True)


def test_removes_the_regions_of_its_own_server_only(region: Path) -> None:
    memory = SharedMemory()
    own = FOLDER / f"{memory.prefix}region"
    own.touch()

    memory.remove()

    assert list(FOLDER.glob(f"{memory.prefix[:-1]}*")) == []
    assert region.exists()


def test_removes_the_regions_of_a_launcher_that_no_longer_runs(
    other: subprocess.Popen[str], region: Path
) -> None:
    memory = SharedMemory()
    own = FOLDER / f"{memory.prefix}region"
    own.touch()
    SharedMemory.remove_stale()
    assert region.exists()

    other.communicate()
    SharedMemory.remove_stale()

    assert list(FOLDER.glob(f"{region.name.removesuffix('_region')}*")) == []
    assert own.exists()
    memory.remove()
